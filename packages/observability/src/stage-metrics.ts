import type { Gauge, Histogram } from '@gatewayz/metrics';

/** The stages of a request that `request_stage_duration_seconds` knows. */
export const REQUEST_STAGES = [
  'request_parsing',
  'auth_validation',
  'request_preparation',
  'backend_response',
  'stream_processing',
  'response_finalization',
] as const;
export type RequestStage = (typeof REQUEST_STAGES)[number];

/** What one inference endpoint counts beside its route: stages in seconds, and what the gateway added. */
export interface EndpointMetrics {
  /** `seconds` holds one value a stage, in the order of {@link REQUEST_STAGES}; NaN where a stage was not measured. */
  stages(seconds: Float64Array): void;
  frontendProcessing(seconds: number): void;
  overhead(seconds: number): void;
}

/** The families that the stages of inference endpoints are counted in. */
export type StageFamilies = {
  readonly frontendProcessing: Histogram<'endpoint'>;
  readonly stageDuration: Histogram<'stage' | 'endpoint'>;
  readonly stagePercentage: Gauge<'stage' | 'endpoint'>;
  readonly overhead: Histogram<'endpoint'>;
};

/** Resolves the label sets of one endpoint; only the stages that are known have series. */
export function createEndpointMetrics(
  families: StageFamilies,
  endpoint: string,
  known: readonly RequestStage[],
): EndpointMetrics {
  const stages = REQUEST_STAGES.map((stage) => (known.includes(stage) ? { stage, endpoint } : null));
  const durations = stages.map((labels) => (labels === null ? null : families.stageDuration.labels(labels)));
  const percentages = stages.map((labels) =>
    labels === null ? null : families.stagePercentage.labels(labels),
  );
  const frontend = families.frontendProcessing.labels({ endpoint });
  const overhead = families.overhead.labels({ endpoint });
  return {
    stages(seconds) {
      let total = 0;
      for (const value of seconds) if (!Number.isNaN(value)) total += value;
      for (let stage = 0; stage < durations.length; stage += 1) {
        const value = seconds[stage] ?? 0;
        if (Number.isNaN(value)) continue;
        durations[stage]?.observe(value);
        percentages[stage]?.set(total > 0 ? (100 * value) / total : 0);
      }
    },
    frontendProcessing: (seconds) => frontend.observe(seconds),
    overhead: (seconds) => overhead.observe(seconds),
  };
}
