import {
  freePort,
  type RunningPrometheus,
  startFakeProvider,
  startGateway,
  startPrometheus,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { blockOf, type DoctorStage, runDoctor, startDoctorStage } from './doctor-stage.ts';
import { type Server, startOldExporter, startServer } from './old-exporter.ts';

const TOKEN = 'token-of-the-scraper';
const ADMIN_TOKEN = 'token-of-the-admin';
const MARK = 'gatewayz_metrics_series';

let stage: DoctorStage;
let exporter: Server;
let loki: Server;
let receiver: Server;
/** Scrape the gateway alone; the exporter as well; the gateway with a wrong token. */
let prometheus: RunningPrometheus;
let doubled: RunningPrometheus;
let refused: RunningPrometheus;
const posted: unknown[] = [];

beforeAll(async () => {
  stage = await startDoctorStage({ METRICS_TOKEN: TOKEN, ADMIN_TOKEN });
  exporter = await startOldExporter();
  loki = await startServer((request, response) => {
    response.writeHead(request.url === '/ready' ? 200 : 404).end();
  });
  receiver = await startServer((request, response) => {
    const { method, url, headers } = request;
    posted.push([method, url, headers['content-type'], headers['content-length']]);
    response.end();
  });
  const gateway = `127.0.0.1:${stage.gateway.port}`;
  const job = (job_name: string, target: string, credentials: string): object => ({
    job_name,
    static_configs: [{ targets: [target] }],
    authorization: { credentials },
  });
  [prometheus, doubled, refused] = (await Promise.all(
    [
      [job('gateway', gateway, TOKEN)],
      [job('gateway', gateway, TOKEN), job('old-exporter', `127.0.0.1:${exporter.port}`, 'none')],
      [job('gateway', gateway, 'token-of-somebody')],
    ].map((scrape_configs) => {
      const global = { scrape_interval: '1s', scrape_timeout: '1s' };
      return startPrometheus({ config: JSON.stringify({ global, scrape_configs }) });
    }),
  )) as [RunningPrometheus, RunningPrometheus, RunningPrometheus];
  await Promise.all([
    prometheus.queryUntil(MARK),
    doubled.queryUntil('count(gatewayz_health_service_up) == 2'),
    refused.queryUntil('up == 0'),
  ]);
});

afterAll(async () => {
  await Promise.all([prometheus, doubled, refused].map((one) => one?.stop()));
  await Promise.all([exporter, loki, receiver].map((one) => one?.close()));
  await stage?.close();
});

/** The environment where everything is there. */
function whole(): Record<string, string> {
  return {
    PROMETHEUS_URL: prometheus.url,
    LOKI_URL: `${loki.url}/loki/api/v1/push`,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  };
}

/** The names of the checks that did not end so. */
function namesThatAre(report: string, status: string): readonly string[] {
  const lines = report.split('\n').filter((line) => line.startsWith(`${status} `));
  return lines.map((line) => line.slice(9, 29).trim());
}

describe('a deployment that is well', () => {
  test('has nothing but ok, and the exit code 0', async () => {
    const { code, stdout, stderr } = await stage.diagnose(whole());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\n10 checks: 10 ok\n$/);
    expect(posted).toEqual([['POST', '/v1/traces', 'application/x-protobuf', '0']]);
  });

  test('is the same as data', async () => {
    const { code, stdout } = await stage.diagnose(whole(), ['--json']);
    const report = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string }[] };
    expect([code, report.ok, report.checks.length]).toEqual([0, true, 10]);
    expect(report.checks[0]).toEqual({
      name: 'gateway',
      status: 'ok',
      answer: expect.stringContaining(stage.gateway.url),
    });
  });

  test('is found by its address alone', async () => {
    const { code, stdout } = await runDoctor(
      { METRICS_TOKEN: TOKEN, HEALTH_SERVICE_URL: stage.healthService.url },
      ['--url', stage.gateway.url],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n10 checks: 5 ok, 5 skipped\n$/);
  });

  test('with the health service inside of the gateway is believed by its gauge', async () => {
    const provider = await startFakeProvider({ modelList: ['large'] });
    const config = {
      auth: { mode: 'open' },
      healthService: { embedded: true },
      providers: { primary: { baseUrl: provider.url } },
    };
    await using gateway = await startGateway({ config });
    const isUp = async (): Promise<void> => {
      const up = (await gateway.metrics()).value('gatewayz_health_service_last_successful_scrape');
      expect(up).toBeGreaterThan(0);
    };
    await vi.waitFor(isUp, { timeout: 20_000, interval: 100 });
    const { code, stdout } = await runDoctor({}, ['--url', gateway.url]);
    await provider.close();
    expect(blockOf(stdout, 'health service')).toContain('runs inside the gateway, and answers it');
    expect(code).toBe(0);
  });
});

describe('a deployment that is not', () => {
  test('has a killed health service', async () => {
    await stage.healthService.stop();
    const isGone = async (): Promise<void> => {
      expect((await stage.gateway.metrics()).value('gatewayz_health_total_models')).toBeUndefined();
    };
    await vi.waitFor(isGone, { timeout: 20_000, interval: 100 });
    const { code, stdout } = await stage.diagnose(whole());
    await stage.healthService.start();
    expect(code).toBe(1);
    expect(namesThatAre(stdout, 'fail')).toEqual(['health service', 'metrics', 'freshness']);
    expect(blockOf(stdout, 'health service')).toMatch(
      /^fail .*\/health refuses connections\n +→ Start it .*HEALTH_SERVICE_URL\.$/,
    );
    expect(blockOf(stdout, 'metrics')).toMatch(/ has no value for gatewayz_\w+, .* and \d+ more\n +→ See /);
    const isBack = async (): Promise<void> => {
      expect((await stage.diagnose()).code).toBe(0);
    };
    await vi.waitFor(isBack, { timeout: 20_000, interval: 200 });
  });

  test('refuses the token', async () => {
    const { code, stdout } = await stage.diagnose({ ...whole(), METRICS_TOKEN: 'token-of-somebody' });
    expect(code).toBe(1);
    expect(namesThatAre(stdout, 'fail')).toEqual(['metrics', 'freshness']);
    expect(blockOf(stdout, 'metrics')).toMatch(/ answers 401\n +→ Run .* METRICS_TOKEN /);
  });

  test('has the old exporter scraped beside the gateway', async () => {
    const { code, stdout } = await stage.diagnose({ ...whole(), PROMETHEUS_URL: doubled.url });
    expect(code).toBe(1);
    expect(namesThatAre(stdout, 'fail')).toEqual(['duplicates']);
    expect(blockOf(stdout, 'duplicates')).toMatch(
      / from job gateway \(.*\) and job old-exporter \(.*\)\n +→ Remove the exporter's scrape job/,
    );
  });

  test('is scraped with a wrong token', async () => {
    const { code, stdout } = await stage.diagnose({ ...whole(), PROMETHEUS_URL: refused.url });
    expect(code).toBe(1);
    expect(namesThatAre(stdout, 'fail')).toEqual(['prometheus target', 'prometheus samples']);
    expect(blockOf(stdout, 'prometheus target')).toMatch(/ is not up: .*401.*\n +→ .*METRICS_TOKEN/);
  });

  test.each([
    ['PROMETHEUS_URL', ['prometheus target', 'prometheus samples', 'duplicates']],
    ['LOKI_URL', ['loki']],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['otlp']],
  ])('has nobody at %s', async (variable, names) => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await stage.diagnose({ ...whole(), [variable]: nowhere });
    expect(code).toBe(1);
    expect(namesThatAre(stdout, 'fail')).toEqual(names);
    for (const name of names) {
      expect(blockOf(stdout, name)).toMatch(new RegExp(` refuses connections\\n +→ Start .*${variable}`));
    }
  });

  test('has no gateway', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await stage.diagnose({}, ['--url', nowhere]);
    expect(code).toBe(1);
    expect(namesThatAre(stdout, 'fail')).toEqual(['gateway', 'metrics', 'freshness', 'providers']);
    expect(blockOf(stdout, 'gateway')).toMatch(/ refuses connections\n +→ Start the gateway/);
  });

  test('has a provider down, which is a warning', async () => {
    const force = (state: string): Promise<Response> =>
      fetch(`${stage.gateway.url}/admin/providers/primary/breaker`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ state, reason: 'a test' }),
      });
    expect((await force('forced_open')).status).toBe(200);
    const { code, stdout } = await stage.diagnose();
    await force('auto');
    expect(code).toBe(0);
    expect(blockOf(stdout, 'providers')).toMatch(
      /^warn .* 1 of 1 down: primary\n +→ GET \/health\/dashboard/,
    );
  });
});
