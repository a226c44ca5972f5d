import type { Registry } from '@gatewayz/metrics';
import { createTelemetryMetrics } from '@gatewayz/observability';
import type { Telemetry } from './open-telemetry.ts';

/** Shows what became of lines and spans, as their sinks count it. */
export function showTelemetry(registry: Registry, { logger, tracing }: Telemetry): void {
  const metrics = createTelemetryMetrics(registry);
  registry.collector('telemetry', () => {
    const { loki, stdout } = logger.counts();
    metrics.lines({
      delivered: loki?.delivered ?? 0,
      dropped_full: loki?.droppedFull ?? 0,
      dropped_rejected: loki?.droppedRejected ?? 0,
      dropped_closed: loki?.droppedClosed ?? 0,
      dropped_stdout: stdout.dropped,
      queued: loki?.queued ?? 0,
    });
    if (tracing === null) return;
    const { exported, droppedFull, droppedFailed } = tracing.counts();
    metrics.spans({ exported, dropped_full: droppedFull, dropped_failed: droppedFailed });
  });
}
