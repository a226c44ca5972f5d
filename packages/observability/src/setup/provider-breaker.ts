import { type HealthTransition, type VisibleBreakerState, visibleStateOf } from '@gatewayz/provider-health';
import type { ModuleErrors } from './module-errors.ts';
import type { PoolProvider } from './provider-pool.ts';

/** A change of a breaker: of the provider's own where `model` is null. */
export interface BreakerEvent {
  readonly provider: string;
  readonly model: string | null;
  readonly from: VisibleBreakerState;
  readonly to: VisibleBreakerState;
  readonly reason: HealthTransition['reason'];
}

/** The breaker of one provider. What feeds it are the inferences. */
export interface ProviderBreaker {
  readonly provider: string;
  /** The provider's state now; with a model, that of the model's own breaker. */
  state(model?: string): VisibleBreakerState;
  /**
   * Whether a call may be made now: neither breaker, of the provider or of the model, is open, and the provider has
   * not asked for a pause. A refusal is counted. While half-open the next `inference` takes the one place that there
   * is, so ask, and begin the inference in the same turn of the event loop.
   */
  allow(model?: string): boolean;
  /** Calls the listener at each change, also of single models; what it returns ends that. */
  onChange(listener: (change: BreakerEvent) => void): () => void;
}

/** Creates the view of one provider's breaker that an application gets. */
export function createProviderBreaker(
  provider: PoolProvider,
  errors: ModuleErrors,
  now: () => number,
): ProviderBreaker {
  const { health, metrics } = provider;

  function isAllowed(model: string | undefined): boolean {
    const nowMs = now();
    const target = model === undefined ? undefined : provider.targets.get(model);
    if (target !== undefined) return target.health.isAvailable(nowMs);
    return health.breaker.wouldAdmit(nowMs) && health.snapshot(nowMs).coolOff === null;
  }
  return {
    provider: provider.name,
    state(model) {
      const target = model === undefined ? undefined : provider.targets.get(model);
      return (target?.health ?? health).breaker.visibleState(now());
    },
    allow(model) {
      try {
        if (isAllowed(model)) return true;
        metrics.rejected();
        return false;
      } catch (error) {
        errors.note('inference', error);
        return true;
      }
    },
    onChange(listener) {
      const tell = ({ provider: name, model, from, to, reason }: HealthTransition): unknown =>
        listener({ provider: name, model, from: visibleStateOf(from), to: visibleStateOf(to), reason });
      provider.listeners.add(tell);
      return () => {
        provider.listeners.delete(tell);
      };
    },
  };
}
