import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The shared names, and what the fake health service says at each. */
const VALUES: Readonly<Record<string, number>> = {
  gatewayz_health_service_up: 1,
  gatewayz_health_monitoring_active: 1,
  gatewayz_availability_monitoring_active: 1,
  gatewayz_health_check_interval_seconds: 300,
  gatewayz_health_tracked_models: 120,
  gatewayz_health_tracked_providers: 12,
  gatewayz_health_tracked_gateways: 3,
  gatewayz_availability_cache_size: 118,
  gatewayz_health_total_models: 150,
  gatewayz_health_total_providers: 14,
  gatewayz_health_total_gateways: 4,
  gatewayz_health_tracked_models_count: 121,
  gatewayz_health_active_incidents: 2,
  'gatewayz_health_status_distribution{status="healthy"}': 110,
  'gatewayz_health_status_distribution{status="degraded"}': 6,
  'gatewayz_health_status_distribution{status="down"}': 3,
  'gatewayz_health_status_distribution{status="unknown"}': 1,
  'gatewayz_health_cache_available{cache_type="redis"}': 1,
  gatewayz_health_service_last_successful_scrape: 1,
  gatewayz_health_service_scrape_errors_total: 0,
};

/** The shared names, once each. */
export const SHARED_NAMES: readonly string[] = [
  ...new Set(Object.keys(VALUES).map((series) => series.replace(/\{.*/, ''))),
];

/** Something that answers on a free loopback port. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a server that answers each request so. */
export async function startServer(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close };
}

/** Starts what the gateway replaces: an exporter of the same names. */
export function startOldExporter(values: Readonly<Record<string, number>> = {}): Promise<Server> {
  const lines = Object.entries({ ...VALUES, ...values }).map(([series, value]) => `${series} ${value}\n`);
  return startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(lines.join(''));
  });
}
