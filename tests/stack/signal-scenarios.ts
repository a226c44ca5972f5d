import { join } from 'node:path';
import {
  freePort,
  type RunningProcess,
  repositoryRoot,
  startFakeHealthService,
  startFakeLoki,
  startFakeOtlp,
  startPostgres,
  startProcess,
  startRedis,
  temporaryFolder,
} from '@gatewayz/testkit';
import type { Fault, StartScenario } from './scenario.ts';
import { startStackGateway } from './stack-gateway.ts';
import { startTraffic } from './traffic.ts';

const HEALTH_SERVICE = join(repositoryRoot, 'apps/health-service/src/main.ts');

/** A real health service that is killed. */
export const startHealth: StartScenario = async (closers) => {
  const folder = closers.use(await temporaryFolder('gatewayz-stack-health-'));
  const address = `127.0.0.1:${await freePort()}`;
  let running: RunningProcess | null = null;
  const start = async (): Promise<void> => {
    running = await startProcess({
      command: process.execPath,
      args: [HEALTH_SERVICE],
      cwd: folder.path,
      env: { PORT: address.split(':')[1] ?? '', GATEWAYZ_DATA_DIR: folder.path },
      readyWhen: `http://${address}/health`,
    });
  };
  await start();
  closers.defer(async () => void (await running?.stop()));
  const { gateway } = await startStackGateway(closers, {
    providers: { primary: ['large'] },
    env: { HEALTH_SERVICE_URL: `http://${address}` },
  });
  const fault: Fault = {
    alert: 'HealthServiceDown',
    what: 'the health service is killed',
    withinMinutes: 5,
    begin: async () => {
      running?.kill('SIGKILL');
      await running?.exit;
    },
    end: start,
  };
  return {
    env: 'health',
    gateways: [{ address: gateway.address, env: 'health' }],
    healthServices: [{ address, env: 'health' }],
    faults: [[fault]],
  };
};

/** A health service that says less than it should; a Redis, a Postgres, a Loki and a collector that take nothing. */
export const startSignals: StartScenario = async (closers) => {
  const [redis, postgres, healthService, loki, collector] = await Promise.all([
    startRedis(),
    startPostgres(),
    startFakeHealthService(),
    startFakeLoki(),
    startFakeOtlp(),
  ]);
  closers.use(redis);
  closers.use(postgres);
  closers.use(healthService);
  closers.defer(() => loki.close());
  closers.defer(() => collector.close());
  const { gateway } = await startStackGateway(closers, {
    providers: { primary: ['large'] },
    env: {
      HEALTH_SERVICE_URL: healthService.url,
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      LOKI_URL: loki.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  closers.use(startTraffic(gateway, { model: 'large', perSecond: 5 }));
  const missing: Fault = {
    alert: 'HealthDataMissing',
    what: 'the health service no longer says how many models it tracks',
    withinMinutes: 8,
    begin: async () =>
      healthService.setScript('/status', { kind: 'answer', fields: { models_tracked: undefined } }),
    end: async () => healthService.setScript('/status', { kind: 'answer' }),
  };
  const stale: Fault = {
    alert: 'HealthDataStale',
    what: 'one endpoint of the health service hangs',
    withinMinutes: 6,
    begin: async () => healthService.setScript('/cache/stats', { kind: 'hang' }),
    end: async () => healthService.setScript('/cache/stats', { kind: 'answer' }),
  };
  const lines: Fault = {
    alert: 'LogLinesDropped',
    what: 'Loki refuses every push',
    withinMinutes: 6,
    begin: async () => loki.setScript({ kind: 'reply', status: 400 }),
    end: async () => loki.setScript({ kind: 'accept' }),
  };
  const spans: Fault = {
    alert: 'SpansDropped',
    what: 'the trace store refuses every export',
    withinMinutes: 6,
    begin: async () => collector.setScript({ kind: 'reply', status: 400 }),
    end: async () => collector.setScript({ kind: 'accept' }),
  };
  const redisDown: Fault = {
    alert: 'RedisDown',
    what: 'Redis hangs',
    withinMinutes: 4,
    unshortenedSeconds: 20,
    begin: async () => redis.pause(),
    end: async () => redis.resume(),
  };
  const databaseDown: Fault = {
    alert: 'DatabaseDown',
    what: 'Postgres is stopped',
    withinMinutes: 4,
    begin: async () => {
      postgres.process.kill('SIGINT');
      await postgres.process.exit;
    },
    end: () => postgres.restart(),
  };
  return {
    env: 'signals',
    gateways: [{ address: gateway.address, env: 'signals' }],
    faults: [[missing], [stale], [lines], [spans], [redisDown], [databaseDown]],
  };
};
