import type { Config } from '@gatewayz/config';
import type { Registry } from '@gatewayz/metrics';
import {
  createHealthPoller,
  createHealthServiceMetrics,
  type HealthPoller,
  toHealthPollLine,
} from '@gatewayz/observability';
import type { Tracing } from '@gatewayz/telemetry';
import { type EmbeddedHealthService, startEmbeddedHealthService } from './embedded-health-service.ts';
import { describeError, log } from './log.ts';
import { recordPoll } from './telemetry/record-poll.ts';

/** The gateway's tie to a health service: its numbers become part of `/metrics`. */
export interface HealthServiceLink {
  /**
   * Starts the gateway's own health service where none is configured elsewhere, and polls it. `gatewayUrl` is where
   * that one reads live traffic. Never rejects: a gateway without a health service is still a gateway.
   */
  start(gatewayUrl: string): Promise<void>;
  stop(): Promise<void>;
}

/** Creates a link that stands still; `usesSandbox` where the providers are in no configuration. */
export function createHealthServiceLink(
  config: Config,
  registry: Registry,
  usesSandbox: boolean,
  tracing: Tracing | null,
): HealthServiceLink {
  const metrics = createHealthServiceMetrics(registry);
  let embedded: EmbeddedHealthService | null = null;
  let poller: HealthPoller | null = null;
  let isStopped = false;

  async function findUrl(gatewayUrl: string): Promise<string | null> {
    if (config.healthServiceUrl !== null) return config.healthServiceUrl;
    if (!config.healthService.embedded) return null;
    const providers = usesSandbox ? { providers: config.providers } : {};
    embedded = await startEmbeddedHealthService({ backendUrl: gatewayUrl, ...providers });
    return embedded.url;
  }

  return {
    async start(gatewayUrl) {
      try {
        const url = await findUrl(gatewayUrl);
        if (url === null) return;
        if (isStopped) {
          await embedded?.stop();
          return;
        }
        poller = createPoller(url, config.health.pollIntervalMs, metrics, tracing);
        poller.start();
      } catch (error) {
        log('error', 'there is no health service', describeError(error));
      }
    },
    async stop() {
      isStopped = true;
      poller?.stop();
      await embedded?.stop();
    },
  };
}

function createPoller(
  url: string,
  intervalMs: number,
  metrics: ReturnType<typeof createHealthServiceMetrics>,
  tracing: Tracing | null,
): HealthPoller {
  return createHealthPoller({
    url,
    intervalMs,
    metrics,
    now: () => performance.now(),
    epochNow: Date.now,
    random: Math.random,
    onEvent(event) {
      const { level, message, fields } = toHealthPollLine(event);
      log(level, message, fields);
    },
    onPolled: (parts) => recordPoll(tracing, parts),
  });
}
