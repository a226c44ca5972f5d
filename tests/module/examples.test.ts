import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  answers,
  type FakeProvider,
  failsWith,
  freePort,
  histogramProblems,
  type RunningProcess,
  type RunningPrometheus,
  readMetrics,
  repositoryRoot,
  startFakeProvider,
  startProcess,
  startPrometheus,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../command.ts';

/** Names that the contract fixes and promtool would have otherwise. */
const FIXED_NAME =
  /^(?:nodejs_active_\w+_total|gatewayz_providers_total) non-counter metrics should not have/;
const EXAMPLES = ['fastify', 'express', 'hono', 'http'] as const;

interface Example {
  readonly url: string;
  readonly process: RunningProcess;
}

let provider: FakeProvider;
let prometheus: RunningPrometheus;
const examples = new Map<string, Example>();

async function startExample(name: string, port: number): Promise<Example> {
  const process = await startProcess({
    command: globalThis.process.execPath,
    args: [join(repositoryRoot, 'examples', name, 'backend.ts')],
    env: { PORT: String(port), PROVIDER_URL: `${provider.url}` },
    readyWhen: /listening on/,
  });
  return { url: `http://127.0.0.1:${port}`, process };
}

beforeAll(async () => {
  provider = await startFakeProvider();
  const ports = await Promise.all(EXAMPLES.map(() => freePort()));
  for (const [index, name] of EXAMPLES.entries())
    examples.set(name, await startExample(name, ports[index] ?? 0));
  prometheus = await startPrometheus({ targets: ports.map((port) => `127.0.0.1:${port}`) });
});

afterAll(async () => {
  await Promise.all([...examples.values()].map(({ process }) => process.stop()));
  await prometheus?.stop();
  await provider?.close();
});

function exampleOf(name: string): Example {
  const example = examples.get(name);
  if (example === undefined) throw new Error(`${name} does not run`);
  return example;
}

describe.each(EXAMPLES)('the example for %s', (name) => {
  test('is less than 40 lines', () => {
    const lines = readFileSync(join(repositoryRoot, 'examples', name, 'backend.ts'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThan(40);
  });

  test('asks its provider, and a real Prometheus sees what came of it', async () => {
    const { url } = exampleOf(name);
    provider.setDefault(answers());
    expect((await fetch(`${url}/ask/why`)).status).toBe(200);
    provider.setDefault(failsWith(503));
    expect((await fetch(`${url}/ask/what`)).status).toBe(502);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    const of = `instance="${new URL(url).host}"`;
    const expected: Readonly<Record<string, number>> = {
      [`fastapi_requests_total{${of},path="/ask/:question",status_code="200"}`]: 1,
      [`fastapi_requests_total{${of},path="/ask/:question",status_code="502"}`]: 1,
      [`sum(fastapi_requests_total{${of},path="other",status_code="404"})`]: 1,
      [`model_inference_requests_total{${of},provider="primary",status="success"}`]: 1,
      [`gatewayz_attempts_total{${of},outcome="provider_error"}`]: 1,
      [`fastapi_app_info{${of},app_name="shop"}`]: 1,
      [`sum(gatewayz_overhead_seconds_count{${of},endpoint="/ask/:question"})`]: 2,
      [`gatewayz_circuit_breaker_state{${of},provider="primary",state="closed"}`]: 1,
    };
    for (const [expression, value] of Object.entries(expected)) {
      const [result] = await prometheus.queryUntil(expression, ([first]) => first?.value === value);
      expect(result?.value, expression).toBe(value);
    }
  });

  test('has a scrape that promtool has nothing against but the names that are fixed', async () => {
    const text = await (await fetch(`${exampleOf(name).url}/metrics`)).text();
    expect(histogramProblems(readMetrics(text))).toEqual([]);
    const { stdout, stderr, code } = await runCommand('promtool', ['check', 'metrics'], text);
    const advice = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !FIXED_NAME.test(line));
    expect([advice, code]).toEqual([[], 3]);
  });

  test('has a summary and the other views', async () => {
    const { url } = exampleOf(name);
    const summary = await fetch(`${url}/prometheus/metrics/summary`);
    expect([summary.status, summary.headers.get('x-gatewayz-source')]).toEqual([200, 'local']);
    expect(await summary.json()).toMatchObject({ metrics: { providers: { total_providers: 1 } } });
    for (const view of ['system', 'providers', 'models', 'business', 'performance', 'all', 'docs']) {
      expect((await fetch(`${url}/prometheus/metrics/${view}`)).status, view).toBe(200);
    }
  });
});
