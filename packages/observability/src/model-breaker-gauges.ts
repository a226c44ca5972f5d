import type { Gauge, GaugeChild } from '@gatewayz/metrics';
import type { VisibleBreakerState } from '@gatewayz/provider-health';
import { BREAKER_STATES, type ByState, byState, setState } from './breaker-state-gauges.ts';

/** The breaker states of one provider's models: only of those whose breaker left closed, for there are thousands. */
export interface ModelBreakerGauges {
  set(model: string, state: VisibleBreakerState): void;
  /** Takes out every model that is not among these. */
  keep(models: ReadonlySet<string>): void;
}

/** Makes the gauges of a provider none of whose models' breakers ever left closed. */
export function createModelBreakerGauges(
  family: Gauge<'provider' | 'model' | 'state'>,
  provider: string,
): ModelBreakerGauges {
  const shown = new Map<string, ByState<GaugeChild>>();
  return {
    set(model, state) {
      let gauges = shown.get(model);
      if (gauges === undefined) {
        if (state === 'closed') return;
        gauges = byState((each) => family.labels({ provider, model, state: each }));
        shown.set(model, gauges);
      }
      setState(gauges, state);
    },
    keep(models) {
      for (const model of shown.keys()) {
        if (models.has(model)) continue;
        shown.delete(model);
        for (const state of BREAKER_STATES) family.remove({ provider, model, state });
      }
    },
  };
}
