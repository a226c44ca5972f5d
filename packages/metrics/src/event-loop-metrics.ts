import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Registry } from './registry.ts';

const NANOSECONDS = 1e9;

/**
 * The lag of the event loop: one measured turn per scrape, and the distribution since the last scrape as
 * `monitorEventLoopDelay` samples it every 10 ms (its delays include those 10 ms).
 */
export function registerEventLoopMetrics(registry: Registry): () => void {
  const gauge = (statistic: string, help: string) =>
    registry.gauge({ name: `nodejs_eventloop_lag_${statistic}`, help });
  const lag = gauge('seconds', 'Time that one turn of the event loop took, in seconds.');
  const least = gauge('min_seconds', 'Least delay of the event loop since the last scrape, in seconds.');
  const most = gauge('max_seconds', 'Greatest delay of the event loop since the last scrape, in seconds.');
  const mean = gauge('mean_seconds', 'Mean delay of the event loop since the last scrape, in seconds.');
  const deviation = gauge(
    'stddev_seconds',
    'Standard deviation of the delays since the last scrape, in seconds.',
  );
  const percentiles = [50, 90, 99].map((percentile) => ({
    percentile,
    gauge: gauge(
      `p${percentile}_seconds`,
      `Percentile ${percentile} of the delays since the last scrape, in seconds.`,
    ),
  }));
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  const removeCollector = registry.collector('nodejs_eventloop', async () => {
    // Without a sample the minimum is the largest integer and the mean is not a number.
    if (delays.count > 0) {
      least.set(delays.min / NANOSECONDS);
      most.set(delays.max / NANOSECONDS);
      mean.set(delays.mean / NANOSECONDS);
      deviation.set(delays.stddev / NANOSECONDS);
      for (const { percentile, gauge } of percentiles) {
        gauge.set(delays.percentile(percentile) / NANOSECONDS);
      }
      delays.reset();
    }
    lag.set(await measureTurn());
  });
  return () => {
    delays.disable();
    removeCollector();
  };
}

function measureTurn(): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    setImmediate(() => resolve((performance.now() - startedMs) / 1000));
  });
}
