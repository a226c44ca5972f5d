import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningProcess, startProcess } from '@gatewayz/testkit';
import type { GatewayProcess } from './gateway-process.ts';
import type { PrometheusClient } from './prometheus-client.ts';
import type { Fault, Scenario, StartScenario } from './scenario.ts';
import { startStackGateway } from './stack-gateway.ts';

/** In a process of its own, since this one has enough to do to be late. */
const STALL = 'while kill -STOP "$1"; do sleep 0.2; kill -CONT "$1"; sleep 0.3; done';

async function startPlainGateway(closers: AsyncDisposableStack): Promise<GatewayProcess> {
  return (await startStackGateway(closers, { providers: { primary: ['large'] } })).gateway;
}

/** A gateway whose event loop stands still again and again, and that is then gone. */
export const startAlone: StartScenario = async (closers) => {
  const gateway = await startPlainGateway(closers);
  let stalling: RunningProcess | null = null;
  const lag: Fault = {
    alert: 'EventLoopLag',
    what: 'the process is stopped for 0.2 s again and again',
    withinMinutes: 7,
    begin: async () => {
      stalling = await startProcess({ command: 'sh', args: ['-c', STALL, 'stall', String(gateway.pid())] });
    },
    end: async () => {
      await stalling?.stop();
      gateway.resume();
    },
  };
  const down: Fault = {
    alert: 'ApiDown',
    what: 'the only gateway is killed',
    withinMinutes: 3,
    begin: () => gateway.kill(),
    end: () => gateway.start(),
  };
  return { env: 'alone', gateways: [{ address: gateway.address, env: 'alone' }], faults: [[lag, down]] };
};

/** Kills and starts it again, so often; each life is scraped before it ends. */
async function restart(gateway: GatewayProcess, times: number, prometheus: PrometheusClient): Promise<void> {
  const startOfLife = `process_start_time_seconds{instance="${gateway.address}"}`;
  let before = await prometheus.waitUntil(startOfLife, () => true);
  for (let count = 0; count < times; count += 1) {
    await gateway.kill();
    await gateway.start();
    before = await prometheus.waitUntil(startOfLife, (now) => now !== before);
  }
}

/** Three gateways: one is well, one hangs, one restarts again and again. Of this environment there must be one. */
export const startFleet: StartScenario = async (closers) => {
  const fleet = await Promise.all([0, 1, 2].map(() => startPlainGateway(closers)));
  const [, hanging, restarting] = fleet as [GatewayProcess, GatewayProcess, GatewayProcess];
  const instanceDown: Fault = {
    alert: 'GatewayInstanceDown',
    what: 'one of several gateways hangs',
    withinMinutes: 4,
    instance: hanging.address,
    begin: async () => hanging.pause(),
    end: async () => hanging.resume(),
  };
  const restartLoop: Fault = {
    alert: 'RestartLoop',
    what: 'a gateway is killed and started three times',
    withinMinutes: 10,
    begin: (prometheus) => restart(restarting, 3, prometheus),
    end: async () => undefined,
  };
  const gateways = fleet.map(({ address }) => ({ address, env: 'production' }));
  return { env: 'production', gateways, faults: [[instanceDown], [restartLoop]] };
};

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A stand-in for Tempo, of which Prometheus wants nothing but an answer. */
export const startTempo: StartScenario = async (closers): Promise<Scenario> => {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('tempo_build_info 1\n');
  });
  const tempo = await listen(server, 0);
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
  };
  closers.defer(stop);
  const fault: Fault = {
    alert: 'MonitoringTargetDown',
    what: 'Tempo is stopped',
    withinMinutes: 7,
    begin: stop,
    end: async () => void (await listen(server, Number(tempo.split(':')[1]))),
  };
  return { env: '', gateways: [], tempo, faults: [[fault]] };
};
