/** Gateways whose lines and spans go somewhere, each measured against the one whose do not. */
export const telemetryNames = ['logs', 'traces-1', 'traces-100'] as const;
/** One of {@link telemetryNames}. */
export type TelemetryName = (typeof telemetryNames)[number];

/** The part of the throughput without telemetry that has to be left with it. */
export const telemetryGoals: Readonly<Record<TelemetryName, number>> = {
  logs: 0.95,
  'traces-1': 0.95,
  'traces-100': 0.8,
};

/** What each is told beside what all gateways are; logs go to standard output in every case. */
export function telemetryEnvironment(name: TelemetryName, sinks: string): Readonly<Record<string, string>> {
  switch (name) {
    case 'logs':
      return { LOKI_URL: sinks };
    case 'traces-1':
      return { OTEL_EXPORTER_OTLP_ENDPOINT: sinks, ...sampled('0.01') };
    case 'traces-100':
      return { OTEL_EXPORTER_OTLP_ENDPOINT: sinks, ...sampled('1') };
    default:
      return name satisfies never;
  }
}

function sampled(ratio: string): Readonly<Record<string, string>> {
  return { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: ratio };
}

/** Whether a candidate is one of these. */
export function isTelemetryName(name: string): name is TelemetryName {
  return telemetryNames.some((known) => known === name);
}
