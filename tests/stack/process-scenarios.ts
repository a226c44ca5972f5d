import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type RunningProcess, startProcess } from '@gatewayz/testkit';
import type { GatewayProcess } from './gateway-process.ts';
import type { Fault, Scenario, StartScenario } from './scenario.ts';
import { FACTOR } from './shorten.ts';
import { startStackGateway } from './stack-gateway.ts';

/** In a process of its own, since this one has enough to do to be late. */
const STALL = 'while kill -STOP "$1"; do sleep 0.2; kill -CONT "$1"; sleep 0.3; done';
/** Long enough for at least one scrape of each life of a process. */
const ONE_SCRAPE_MS = 1.5 * (15_000 / FACTOR);

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

/** Two gateways, of which one hangs, and later restarts again and again. Of this environment there must be one. */
export const startPair: StartScenario = async (closers) => {
  const [stable, second] = await Promise.all([startPlainGateway(closers), startPlainGateway(closers)]);
  const hanging: Fault = {
    alert: 'GatewayInstanceDown',
    what: 'one of two gateways hangs',
    withinMinutes: 4,
    begin: async () => second.pause(),
    end: async () => second.resume(),
  };
  const restarting: Fault = {
    alert: 'RestartLoop',
    what: 'a gateway is killed and started three times',
    withinMinutes: 10,
    begin: async () => {
      for (let count = 0; count < 3; count += 1) {
        await second.kill();
        await second.start();
        await wait(ONE_SCRAPE_MS);
      }
    },
    end: async () => undefined,
  };
  const gateways = [stable, second].map(({ address }) => ({ address, env: 'production' }));
  return { env: 'production', gateways, faults: [[hanging, restarting]] };
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
