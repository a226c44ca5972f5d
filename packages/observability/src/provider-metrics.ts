import type { Registry } from '@gatewayz/metrics';
import {
  type HealthTransition,
  type TransitionReason,
  type VisibleBreakerState,
  visibleStateOf,
} from '@gatewayz/provider-health';
import { BREAKER_STATES, byState, setState } from './breaker-state-gauges.ts';
import { createModelBreakerGauges } from './model-breaker-gauges.ts';
import { createProviderFamilies, type ProviderFamilies } from './provider-catalogue.ts';
import { createSlowRequestCounter } from './slow-request-counter.ts';

/** What the monitor knows of a provider at one moment; `errorRate` and `score` in 0…1. */
export interface ProviderValues {
  readonly availability: 0 | 1;
  readonly errorRate: number;
  readonly score: number;
  readonly samples: number;
  readonly state: VisibleBreakerState;
}

/** How many providers there are, and how they do. */
export interface ProviderCounts {
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  readonly down: number;
}

/** The metrics of one provider, its label sets resolved once. */
export interface OneProviderMetrics {
  /** An attempt that says something of the provider was answered, or given up, after `seconds`. */
  responded(seconds: number): void;
  /** An attempt ended with a verdict, the provider's breaker being in `state`. */
  judged(verdict: 'success' | 'failure', state: VisibleBreakerState): void;
  /** A target of the provider was passed over for an open breaker. */
  rejected(): void;
  /** Counts an attempt that took over 30 s, at the worst severity that it reached. */
  slow(model: string, seconds: number): void;
  /** Counts a change of the provider's breaker, or of a model's, where the visible state changed. */
  transition(transition: HealthTransition): void;
  /** Sets all gauges of the provider. */
  set(values: ProviderValues): void;
  /** Sets the state of a model's own breaker; one that never left closed is not shown. */
  modelState(model: string, state: VisibleBreakerState): void;
  /** Takes out the breaker states of models that are not among these. */
  keepModels(models: ReadonlySet<string>): void;
}

/** The provider health metrics of one application. */
export interface ProviderMetrics {
  /** The metrics of a provider, made once and kept; all its series whose labels are known exist from then on. */
  provider(name: string): OneProviderMetrics;
  /** An attempt was made though every target was open or cooling off. */
  leastBad(provider: string, model: string): void;
  counts(counts: ProviderCounts): void;
}

/** Creates the provider health section of the metric contract on a registry. */
export function createProviderMetrics(registry: Registry): ProviderMetrics {
  const families = createProviderFamilies(registry);
  const providers = new Map<string, OneProviderMetrics>();
  return {
    provider(name) {
      let metrics = providers.get(name);
      if (metrics === undefined) {
        metrics = createOneProviderMetrics(families, name);
        providers.set(name, metrics);
      }
      return metrics;
    },
    leastBad: (provider, model) => families.leastBad.labels({ provider, model }).inc(),
    counts({ total, healthy, degraded, down }) {
      families.providersTotal.set(total);
      families.providersHealthy.set(healthy);
      families.providersDegraded.set(degraded);
      families.providersDown.set(down);
    },
  };
}

/** As design.md has it where nothing is known, so that a scrape before the first attempt alerts nobody. */
const UNTRIED: ProviderValues = { availability: 1, errorRate: 0, score: 1, samples: 0, state: 'closed' };

function createOneProviderMetrics(families: ProviderFamilies, provider: string): OneProviderMetrics {
  const responseTime = families.responseTime.labels({ provider });
  const failures = byState((state) => families.failures.labels({ provider, state }));
  const successes = byState((state) => families.successes.labels({ provider, state }));
  const rejected = families.rejected.labels({ provider });
  const slow = createSlowRequestCounter(families.slowRequests, provider);
  const modelBreakers = createModelBreakerGauges(families.modelBreakerState, provider);
  const countTransition = createTransitionCounter(families, provider);
  const set = createProviderGauges(families, provider);
  set(UNTRIED);
  return {
    responded: (seconds) => responseTime.observe(seconds),
    judged: (verdict, state) => (verdict === 'success' ? successes : failures)[state].inc(),
    rejected: () => rejected.inc(),
    slow,
    transition(transition) {
      const from = visibleStateOf(transition.from);
      const to = visibleStateOf(transition.to);
      if (from === to) return;
      countTransition(transition, from, to);
      if (transition.model !== null) modelBreakers.set(transition.model, to);
    },
    set,
    modelState: (model, state) => modelBreakers.set(model, state),
    keepModels: (models) => modelBreakers.keep(models),
  };
}

function createProviderGauges(
  families: ProviderFamilies,
  provider: string,
): (values: ProviderValues) => void {
  const availability = families.availability.labels({ provider });
  const errorRate = families.errorRate.labels({ provider });
  const score = families.score.labels({ provider });
  const scorePercent = families.scorePercent.labels({ provider });
  const windowSamples = families.windowSamples.labels({ provider });
  const states = byState((state) => families.breakerState.labels({ provider, state }));
  const currentStates = byState((state) => families.breakerCurrentState.labels({ provider, state }));
  return (values) => {
    availability.set(values.availability);
    errorRate.set(values.errorRate);
    score.set(values.score);
    scorePercent.set(100 * values.score);
    windowSamples.set(values.samples);
    setState(states, values.state);
    setState(currentStates, values.state);
  };
}

const OPENING_REASONS = [
  'consecutive_failures',
  'failure_ratio',
  'half_open_failure',
  'forced_open',
  'restored',
] as const satisfies readonly TransitionReason[];

function createTransitionCounter(
  { transitions, opens }: ProviderFamilies,
  provider: string,
): (transition: HealthTransition, from: VisibleBreakerState, to: VisibleBreakerState) => void {
  const pairs = byState((from) => byState((to) => ({ provider, from_state: from, to_state: to })));
  for (const from of BREAKER_STATES) {
    for (const to of BREAKER_STATES) if (from !== to) transitions.labels(pairs[from][to]);
  }
  for (const reason of OPENING_REASONS) opens.labels({ provider, reason });
  return ({ model, reason }, from, to) => {
    // A model's breaker has a gauge of its own: counted here too, one failing model would look like two opens.
    if (model !== null) return;
    transitions.labels(pairs[from][to]).inc();
    if (to === 'open') opens.labels({ provider, reason }).inc();
  };
}
