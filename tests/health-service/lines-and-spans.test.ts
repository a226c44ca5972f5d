import { answers, failsWith, startFakeLoki, startFakeOtlp } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { incidentsOf, keyOf, OFTEN, PATIENT, startHealthService, startProviders } from './health-stage.ts';

type Line = Readonly<Record<string, unknown>> & { readonly message: string };

function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

test('an outage is one line for each thing that changed, in standard output and Loki, and spans of the failed probes', async () => {
  await using loki = await startFakeLoki();
  await using otlp = await startFakeOtlp();
  await using stage = await startProviders({ primary: {} });
  const { primary } = stage.providers;
  await using service = await startHealthService({
    config: { providers: stage.sections, healthService: OFTEN },
    env: {
      APP_NAME: 'shop',
      LOKI_URL: loki.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      // None by chance: those that are kept are kept for what they are.
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    },
  });
  await vi.waitFor(() => expect(primary.attempts('small').length).toBeGreaterThan(1), PATIENT);
  expect(otlp.spans).toEqual([]);
  // A provider that repeats the key in its errors must not bring it into lines or spans.
  primary.setModelsScript(failsWith(500, { message: `bad key ${keyOf('primary')}` }));
  primary.setDefault(failsWith(500, { message: `bad key ${keyOf('primary')}` }));
  await vi.waitFor(async () => expect(await incidentsOf(service, '?status=active')).toHaveLength(1), PATIENT);
  await vi.waitFor(() => expect(otlp.spans.length).toBeGreaterThan(3), PATIENT);
  primary.setModelsScript(null);
  primary.setDefault(answers());
  await vi.waitFor(async () => expect(await incidentsOf(service, '?status=active')).toEqual([]), PATIENT);
  const [incident] = await incidentsOf(service);
  service.process.kill('SIGTERM');
  expect(await service.process.exit).toEqual({ code: 0, signal: null });

  const output = service.process.stdout();
  const lines = linesOf(output);
  expect(
    lines.filter(({ message }) => message.startsWith('incident ')).map(({ message }) => message),
  ).toEqual([
    'incident opened',
    ...lines.filter(({ message }) => message === 'incident escalated').map(({ message }) => message),
    'incident resolved',
  ]);
  expect(lines.find(({ message }) => message === 'incident opened')).toMatchObject({
    level: 'WARNING',
    app: 'shop',
    service: 'health-service',
    incident_id: incident?.id,
    provider: 'primary',
    scope: 'provider',
    error_type: 'provider_error',
  });
  const changes = lines.filter(({ message }) => message === 'verdict changed');
  const ofProvider = changes
    .filter(({ model }) => model === undefined)
    .map(({ from, to }) => `${from} ${to}`);
  expect(ofProvider.at(-1)).toMatch(/ healthy$/);
  expect(ofProvider.filter((change) => change.endsWith(' down'))).toHaveLength(1);
  const expected = ['the health service runs', 'verdict changed', 'stopping'];
  for (const { message } of lines)
    expect(expected.includes(message) || message.startsWith('incident ')).toBe(true);

  const pushed = loki.streams.flatMap(({ entries }) => entries.map(({ line }) => line));
  expect(pushed.sort()).toEqual(output.trim().split('\n').sort());
  for (const { labels } of loki.streams) expect(labels).toMatchObject({ service: 'health-service' });

  const probe = otlp.spans.find(({ attributes }) => attributes['gen_ai.request.model'] === 'small');
  expect(probe).toMatchObject({
    name: 'probe',
    kind: 'client',
    parentSpanId: '',
    status: { code: 'error' },
    resource: { 'service.name': 'shop-health-service' },
    attributes: {
      'ai.provider': 'primary',
      'gatewayz.probe_kind': 'completion',
      'gatewayz.outcome': 'provider_error',
      'error.type': 'provider_error',
    },
  });
  expect(new Set(otlp.spans.map(({ status }) => status.code))).toEqual(new Set(['error']));
  const seen = [output, pushed.join(), ...otlp.spans.map(({ status }) => status.message)].join();
  expect(seen).toContain('bad key');
  expect(seen).not.toContain(keyOf('primary'));
}, 90_000);
