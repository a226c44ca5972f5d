import { failsWith } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { OFTEN, PATIENT, type ShownIncident, startHealthService, startProviders } from './health-stage.ts';

const MODELS = ['large', 'small', 'tiny'];

interface ListOfModels {
  readonly total: number;
  readonly models: readonly { readonly provider: string; readonly model: string; readonly status: string }[];
}

interface PageOfIncidents {
  readonly incidents: readonly (ShownIncident & { readonly opened_at: string })[];
  readonly is_complete: boolean;
  readonly next_before: string | null;
}

/** Four providers, one of them a gateway; at three of them `small` fails. */
async function startStage() {
  const small = { models: { small: failsWith(500) } };
  const stage = await startProviders({ one: small, two: small, three: small, openrouter: {} }, MODELS);
  const service = await startHealthService({ config: { providers: stage.sections, healthService: OFTEN } });
  return {
    service,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

test('models, providers and gateways are listed with filters and page by page', async () => {
  await using stage = await startStage();
  const { service } = stage;
  const list = (query = '') => service.get<ListOfModels>(`/models${query}`);
  await vi.waitFor(async () => {
    expect((await list('?status=healthy')).total).toBe(9);
    expect((await list('?status=down')).total).toBe(3);
  }, PATIENT);

  const { models } = await list();
  const names = models.map(({ provider, model }) => `${provider}/${model}`);
  expect(new Set(names).size).toBe(12);
  const pages: string[] = [];
  for (let offset = 0; offset < 15; offset += 5) {
    const page = await list(`?limit=5&offset=${offset}`);
    expect(page.total).toBe(12);
    pages.push(...page.models.map(({ provider, model }) => `${provider}/${model}`));
  }
  expect(pages).toEqual(names);
  expect((await list('?provider=two&model=small')).models).toMatchObject([{ status: 'down' }]);
  expect(await list('?provider=nobody')).toMatchObject({ total: 0, models: [] });
  expect((await list('?limit=10000&offset=1000000')).models).toEqual([]);

  expect(await service.get('/providers?limit=1&offset=1')).toMatchObject({
    total: 4,
    providers: [{ provider: 'two' }],
  });
  expect(await service.get('/providers?status=maintenance')).toMatchObject({ total: 0 });
  expect(await service.get('/gateways')).toMatchObject({
    total: 1,
    gateways: [{ provider: 'openrouter', is_gateway: true, status: 'healthy' }],
  });
  expect(await service.get('/gateways?status=down')).toMatchObject({ total: 0, gateways: [] });
});

test('incidents come newest first, filtered, and page by page without gaps or doubles', async () => {
  await using stage = await startStage();
  const { service } = stage;
  const list = (query = '') => service.get<PageOfIncidents>(`/incidents${query}`);
  await vi.waitFor(async () => expect((await list('?status=active')).incidents).toHaveLength(3), PATIENT);

  const all = await list();
  expect(all).toMatchObject({ is_complete: true, next_before: null });
  const opened = all.incidents.map((incident) => incident.opened_at);
  expect(opened).toEqual(opened.toSorted().reverse());
  const first = await list('?limit=2');
  expect(first.incidents).toHaveLength(2);
  const second = await list(`?limit=2&before=${first.next_before}`);
  expect(second.next_before).toBeNull();
  expect([...first.incidents, ...second.incidents].map(({ id }) => id)).toEqual(
    all.incidents.map(({ id }) => id),
  );

  expect((await list('?provider=two')).incidents).toMatchObject([{ provider: 'two', scope: 'model' }]);
  expect((await list('?status=resolved')).incidents).toEqual([]);
  const id = all.incidents[0]?.id;
  expect((await service.post(`/incidents/${id}/acknowledge`, { by: '  Ann Ö. ' })).json).toMatchObject({
    status: 'acknowledged',
    acknowledged_by: 'Ann Ö.',
  });
  // Written behind the answer.
  await vi.waitFor(
    async () => expect((await list('?status=acknowledged')).incidents).toMatchObject([{ id }]),
    PATIENT,
  );
  expect((await list('?status=open,resolved')).incidents).toHaveLength(2);
  const severity = all.incidents[0]?.severity;
  expect((await list(`?severity=${severity}&status=active`)).incidents.length).toBeGreaterThan(0);
  const others = ['low', 'medium', 'high', 'critical'].filter((one) => one !== severity);
  for (const { severity: shown } of (await list(`?severity=${others.join(',')}`)).incidents)
    expect(shown).not.toBe(severity);
  expect(await service.get(`/incidents/${id}`)).toMatchObject({ id, affected_models: ['small'] });
  expect((await service.post(`/incidents/${id}/acknowledge`)).json).toMatchObject({
    acknowledged_by: 'Ann Ö.',
  });
});

test('uptime is shown in bars for models, providers and gateways, over every window', async () => {
  await using stage = await startStage();
  const { service } = stage;
  type Bars = Readonly<Record<string, readonly { uptime: number | null; buckets: readonly unknown[] }[]>>;
  await vi.waitFor(async () => {
    const { models = [] } = await service.get<Bars>('/uptime/models?provider=one&window=1h');
    expect(models.map(({ uptime }) => uptime)).toEqual([1, 0, 1]);
  }, PATIENT);
  for (const [window, bars, seconds] of [
    ['5m', 5, 60],
    ['1h', 60, 60],
    ['24h', 24, 3600],
    ['7d', 28, 21_600],
    ['30d', 30, 86_400],
  ] as const) {
    for (const [path, name, count] of [
      ['/uptime/models?provider=one&model=small&', 'models', 1],
      ['/uptime/providers?', 'providers', 4],
      ['/uptime/gateways?', 'gateways', 1],
    ] as const) {
      const answer = await service.get<Bars>(`${path}window=${window}`);
      expect(answer).toMatchObject({ window, bucket_seconds: seconds });
      const lengths = answer[name]?.map(({ buckets }) => buckets.length);
      expect([path, window, lengths]).toEqual([path, window, Array(count).fill(bars)]);
    }
  }
  const { gateways, providers } = await service.get<Bars>('/uptime');
  expect([gateways?.length, providers?.length]).toEqual([1, 4]);
});
