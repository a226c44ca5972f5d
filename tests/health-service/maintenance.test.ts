import { answers, failsWith } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { incidentsOf, OFTEN, PATIENT, startHealthService, startProviders, statusOf } from './health-stage.ts';

const WEEK = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const ALWAYS = { weekdays: WEEK, from: '00:00', to: '24:00' };
/** Time to start and to fail a few times within a window. */
const WINDOW_MS = 12_000;

interface Uptimes {
  readonly providers: readonly { readonly provider: string; readonly uptime: number | null }[];
}

const broken = { byDefault: failsWith(500), modelsScript: failsWith(500) };

test('what fails in its maintenance window is in maintenance, without incident and without uptime', async () => {
  await using stage = await startProviders({ planned: broken, partly: { byDefault: failsWith(500) } });
  const maintenance = [
    { provider: 'planned', ...ALWAYS },
    { provider: 'partly', model: 'large', ...ALWAYS },
  ];
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: { ...OFTEN, maintenance } },
  });
  const { planned, partly } = stage.providers;
  // Windows are no reason not to look, and outside of them models are judged as ever.
  await vi.waitFor(async () => {
    expect(planned.log.length).toBeGreaterThan(4);
    expect(partly.attempts('large').length).toBeGreaterThan(4);
    expect(await incidentsOf(service)).toMatchObject([{ provider: 'partly', affected_models: ['small'] }]);
  }, PATIENT);
  expect((await statusOf(service, 'planned'))?.status).toBe('maintenance');
  const { models } = await service.get<{
    models: readonly { provider: string; model: string; status: string }[];
  }>('/models?provider=partly');
  expect(models.map(({ model, status }) => [model, status])).toEqual([
    ['large', 'maintenance'],
    ['small', 'down'],
  ]);
  expect(await service.get('/metrics')).toMatchObject({
    active_incidents: 1,
    status_distribution: { down: 1, healthy: 0 },
  });
  // Once what was seen outside of the windows is stored, so is what was seen within.
  await vi.waitFor(async () => {
    const answer = await service.get('/uptime/models?provider=partly&window=1h');
    expect(answer).toMatchObject({
      models: [
        { model: 'large', uptime: null },
        { model: 'small', uptime: 0 },
      ],
    });
  }, PATIENT);
  const { providers } = await service.get<Uptimes>('/uptime/providers?window=1h');
  expect(providers[0]).toMatchObject({ provider: 'planned', uptime: null });
});

test('after the end of its window a target is judged again, and the window is in nobody’s uptime', async () => {
  await using stage = await startProviders({ mended: broken, late: broken });
  const { mended } = stage.providers;
  const end = new Date(Date.now() + WINDOW_MS);
  const window = { from: new Date(Date.now() - 60_000).toISOString(), to: end.toISOString() };
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: { ...OFTEN, maintenance: [window] } },
  });
  // Enough failures to be down, were there no window.
  await vi.waitFor(() => expect(mended.log.length).toBeGreaterThan(3), PATIENT);
  mended.setModelsScript(null);
  mended.setDefault(answers());

  await vi.waitFor(async () => {
    expect((await statusOf(service, 'mended'))?.status).toBe('healthy');
    expect((await statusOf(service, 'late'))?.status).toBe('down');
  }, PATIENT);
  const incidents = await service.get<{
    incidents: readonly { provider: string; opened_at: string }[];
  }>('/incidents');
  expect(incidents.incidents.length).toBeGreaterThan(0);
  for (const { provider, opened_at: openedAt } of incidents.incidents) {
    expect(provider).toBe('late');
    expect(Date.parse(openedAt)).toBeGreaterThanOrEqual(end.getTime());
  }
  await vi.waitFor(async () => {
    const { providers } = await service.get<Uptimes>('/uptime/providers?window=1h');
    expect(providers).toMatchObject([
      { provider: 'mended', uptime: 1 },
      { provider: 'late', uptime: 0 },
    ]);
  }, PATIENT);
}, 60_000);
