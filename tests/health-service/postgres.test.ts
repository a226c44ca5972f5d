import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  answers,
  type FakeProvider,
  failsWith,
  startChaosProxy,
  startPostgres,
  temporaryFolder,
} from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import {
  incidentsOf,
  OFTEN,
  PATIENT,
  type RunningHealthService,
  startHealthService,
  startProviders,
  statusOf,
} from './health-stage.ts';

/** Longer than a statement may take: what a frozen database was asked ends only then. */
const VERY_PATIENT = { timeout: 30_000, interval: 100 } as const;

function breakAll(provider: FakeProvider): void {
  provider.setModelsScript(failsWith(500));
  provider.setDefault(failsWith(500));
}

function mendAll(provider: FakeProvider): void {
  provider.setModelsScript(null);
  provider.setDefault(answers());
}

async function activeId(service: RunningHealthService): Promise<string | undefined> {
  const wide = await incidentsOf(service, '?status=active&provider=primary');
  return wide.find(({ scope }) => scope === 'provider')?.id;
}

async function uptimeOf(service: RunningHealthService, provider: string): Promise<number | null | undefined> {
  const { providers } = await service.get<{
    providers: readonly { provider: string; uptime: number | null }[];
  }>('/uptime/providers?window=24h');
  return providers.find((one) => one.provider === provider)?.uptime;
}

test('with DATABASE_URL incidents and uptime survive a SIGKILL, and no SQLite file is made', async () => {
  await using postgres = await startPostgres();
  await using folder = await temporaryFolder('gatewayz-health-');
  await using stage = await startProviders({ primary: {}, spare: {} });
  const start = {
    config: { providers: stage.sections, healthService: OFTEN },
    env: { DATABASE_URL: postgres.url },
    folder,
  };
  breakAll(stage.providers.primary);
  let id: string | undefined;
  {
    await using first = await startHealthService(start);
    await vi.waitFor(async () => {
      expect([await uptimeOf(first, 'primary'), await uptimeOf(first, 'spare')]).toEqual([0, 1]);
      id = await activeId(first);
      expect(id).toBeDefined();
    }, PATIENT);
    expect(first.process.stdout()).toContain('"store":"postgres"');
    first.process.kill('SIGKILL');
    await first.process.exit;
  }
  await stage.providers.primary.stop();
  await stage.providers.spare.stop();
  await using second = await startHealthService(start);
  expect(await activeId(second)).toBe(id);
  expect((await statusOf(second, 'primary'))?.status).toBe('down');
  // The answers of the first life: in the second nothing has been answered yet.
  expect(await uptimeOf(second, 'spare')).toBe(1);
  expect(existsSync(join(folder.path, 'data/health.sqlite'))).toBe(false);
}, 60_000);

test('while Postgres is frozen the service goes on and says so, and no incident of that time is lost', async () => {
  await using postgres = await startPostgres();
  await using folder = await temporaryFolder('gatewayz-health-');
  await using stage = await startProviders({ primary: {}, spare: {} });
  const { primary } = stage.providers;
  const start = {
    config: { providers: stage.sections, healthService: OFTEN },
    env: { DATABASE_URL: postgres.url },
    folder,
  };
  let id: string | undefined;
  {
    await using first = await startHealthService(start);
    await vi.waitFor(async () => expect((await statusOf(first, 'primary'))?.status).toBe('healthy'), PATIENT);
    postgres.pause();
    breakAll(primary);
    await vi.waitFor(async () => {
      expect((await statusOf(first, 'primary'))?.status).toBe('down');
      const { active_incidents: active } = await first.get('/metrics');
      expect(Number(active)).toBeGreaterThan(0);
    }, PATIENT);
    await vi.waitFor(
      async () => expect(await first.get('/health')).toMatchObject({ status: 'degraded' }),
      PATIENT,
    );
    const lines = (): number => first.process.stdout().split('the database does not take').length - 1;
    await vi.waitFor(() => expect(lines()).toBe(1), PATIENT);
    const probes = primary.log.length;
    await vi.waitFor(() => expect(primary.log.length).toBeGreaterThan(probes + 2), PATIENT);
    // Whoever is on call asks just now: what is active is still told, and that the rest is missing.
    expect(await first.get('/incidents?provider=primary&status=active')).toMatchObject({
      is_complete: false,
      incidents: expect.arrayContaining([expect.objectContaining({ scope: 'provider', status: 'open' })]),
    });

    postgres.resume();
    await vi.waitFor(
      async () => expect(await first.get('/health')).toMatchObject({ status: 'healthy' }),
      VERY_PATIENT,
    );
    await vi.waitFor(() => expect(first.process.stdout()).toContain('the database answers again'), PATIENT);
    expect(lines()).toBe(1);
    await vi.waitFor(async () => {
      expect(await first.get('/incidents')).toMatchObject({ is_complete: true });
      id = await activeId(first);
      expect(id).toBeDefined();
    }, PATIENT);
    first.process.kill('SIGKILL');
    await first.process.exit;
  }
  await using second = await startHealthService(start);
  expect(await activeId(second)).toBe(id);

  await postgres.restart();
  mendAll(primary);
  await vi.waitFor(async () => expect(await incidentsOf(second, '?status=active')).toEqual([]), VERY_PATIENT);
  expect(await incidentsOf(second, '?status=resolved')).toContainEqual(expect.objectContaining({ id }));
  await vi.waitFor(
    async () => expect(await second.get('/health')).toMatchObject({ status: 'healthy' }),
    PATIENT,
  );
}, 120_000);

test('an incident that opens and ends while Postgres refuses connections is stored when it takes them again', async () => {
  await using postgres = await startPostgres();
  await using proxy = await startChaosProxy({ target: { host: '127.0.0.1', port: postgres.port } });
  await using stage = await startProviders({ primary: {} });
  const { primary } = stage.providers;
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
    env: { DATABASE_URL: postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`) },
  });
  const statusIs = (status: string) =>
    vi.waitFor(async () => expect((await statusOf(service, 'primary'))?.status).toBe(status), PATIENT);
  const activeIs = (count: number) =>
    vi.waitFor(
      async () => expect(await service.get('/metrics')).toMatchObject({ active_incidents: count }),
      PATIENT,
    );
  await statusIs('healthy');
  proxy.setFault({ refuse: true });
  proxy.dropConnections('reset');
  breakAll(primary);
  await statusIs('down');
  await activeIs(1);
  await vi.waitFor(
    async () => expect(await service.get('/status')).toMatchObject({ status: 'degraded' }),
    PATIENT,
  );
  mendAll(primary);
  await statusIs('healthy');
  await activeIs(0);
  expect(await service.get('/incidents')).toMatchObject({ is_complete: false, incidents: [] });

  proxy.setFault({});
  await vi.waitFor(
    async () =>
      expect(await incidentsOf(service, '?status=resolved')).toContainEqual(
        expect.objectContaining({ scope: 'provider', type: 'provider_error', status: 'resolved' }),
      ),
    PATIENT,
  );
  expect(await service.get('/status')).toMatchObject({ status: 'healthy' });
}, 90_000);

test('a Postgres that is not there refuses the start and names no password', async () => {
  const start = startHealthService({
    config: {},
    env: { DATABASE_URL: 'postgres://gatewayz:canary-password@127.0.0.1:9/none' },
  });
  const error = await start.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(String(error)).toContain('the health service did not start');
  expect(String(error)).not.toContain('canary-password');
});
