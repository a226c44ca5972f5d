import type { Metrics, RunningGateway } from '@gatewayz/testkit';
import { vi } from 'vitest';

const SCRAPES_ITSELF = 1;

/** Scrapes until no request but the scrape itself is in progress. */
export async function settledMetrics(gateway: RunningGateway): Promise<Metrics> {
  return vi.waitFor(
    async () => {
      const metrics = await gateway.metrics();
      const running = metrics.sum('fastapi_requests_in_progress');
      if (running !== SCRAPES_ITSELF)
        throw new Error(`${running} requests are in progress, the scrape included`);
      return metrics;
    },
    { timeout: 15_000, interval: 50 },
  );
}
