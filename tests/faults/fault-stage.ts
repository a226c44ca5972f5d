import type { FakeProviderOptions, Metrics, ScriptSource } from '@gatewayz/testkit';
import { type Stage, type StageOptions, startStage } from '../stage.ts';

/** Deadlines that a test can wait for, and that a busy machine still keeps. */
export const SHORT_TIMEOUTS = {
  connectMs: 500,
  firstTokenMs: 500,
  answerMs: 500,
  idleMs: 500,
  totalMs: 10_000,
} as const;

/** Breakers that never open, so that one fault does not decide the next one's route. */
export const NO_BREAKER = { consecutiveFailures: 1_000_000, minimumSamples: 1_000_000 } as const;

/** A stage of a primary that is at fault and a spare that is well, each fault under a model of its own. */
export type FaultStage = Stage<'primary' | 'spare'>;

/** Starts a gateway before a primary with these scripts by model and a spare that answers all of them. */
export function startFaultStage(
  faults: Readonly<Record<string, ScriptSource>>,
  more: Omit<StageOptions<string>, 'providers'> & { readonly spare?: FakeProviderOptions } = {},
): Promise<FaultStage> {
  const { spare = {}, config, ...options } = more;
  return startStage({
    ...options,
    providers: { primary: { models: faults }, spare },
    models: Object.keys(faults),
    config: {
      timeouts: SHORT_TIMEOUTS,
      breaker: NO_BREAKER,
      retries: { budgetRatio: 1 },
      ...config,
    },
  });
}

/** How the attempts at a provider, or at one model of it, ended: only the outcomes that there were. */
export function outcomesOf(
  metrics: Metrics,
  provider: string,
  model?: string,
): Readonly<Record<string, number>> {
  const labels = { provider, ...(model === undefined ? {} : { model }) };
  const outcomes: Record<string, number> = {};
  for (const { labels: own, value } of metrics.series('gatewayz_attempts_total', labels)) {
    const outcome = own.outcome ?? '';
    if (value > 0) outcomes[outcome] = (outcomes[outcome] ?? 0) + value;
  }
  return outcomes;
}

/** How the streams of a provider's model ended: only the ends that there were. */
export function streamEndsOf(
  metrics: Metrics,
  provider: string,
  model: string,
): Readonly<Record<string, number>> {
  const series = metrics.series('gatewayz_streams_total', { provider, model });
  return Object.fromEntries(
    series.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.end, value]),
  );
}
