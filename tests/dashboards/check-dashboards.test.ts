import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  failsWith,
  freePort,
  type RunningPrometheus,
  repositoryRoot,
  startPrometheus,
  temporaryFolder,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { type Finished, runCommand } from '../command.ts';
import { type Stage, startStage } from '../stage.ts';

const SCRIPT = join(repositoryRoot, 'scripts/check-dashboards.ts');
const fixture = (name: string): string => join(repositoryRoot, 'scripts/check-dashboards/__fixtures__', name);

let stage: Stage<'primary' | 'spare'>;
let prometheus: RunningPrometheus;

const check = (...args: readonly string[]): Promise<Finished> =>
  runCommand(process.execPath, [SCRIPT, ...args], '');
const checkHere = (...args: readonly string[]): Promise<Finished> =>
  check(...args, '--prometheus', prometheus.url);

interface Report {
  readonly summary: Readonly<Record<string, number>>;
  readonly files: readonly {
    readonly kind: string;
    readonly queries: readonly { panel: string; name: string; status: string; detail: string | null }[];
  }[];
}

async function report(file: string): Promise<Report> {
  return JSON.parse((await checkHere(fixture(file), '--json')).stdout) as Report;
}

beforeAll(async () => {
  stage = await startStage({
    providers: { primary: { byDefault: failsWith(503) }, spare: {} },
    gateway: { env: {} },
    config: { health: { monitorIntervalMs: 500 } },
  });
  prometheus = await startPrometheus({ targets: [`127.0.0.1:${stage.gateway.port}`] });
  // A breaker that opens makes the first series of its transitions, and rates need two samples.
  for (let number = 0; number < 10; number += 1) await ask(stage.gateway, { body: chatBody('hello') });
  await prometheus.queryUntil('count_over_time(circuit_breaker_state_transitions_total[1m]) >= 3');
  await ask(stage.gateway, { body: chatBody('hello') });
  await prometheus.queryUntil('sum(rate(model_inference_requests_total[1m])) > 0');
});

afterAll(async () => {
  await prometheus?.stop();
  await stage?.close();
});

test('a dashboard of the oldest kind, with the names of the system before, has data in every panel, and no restart to mark', async () => {
  const { code, stdout } = await checkHere(fixture('rows-of-old.json'));
  expect(stdout).toContain('1 of other data sources were left alone');
  expect(stdout).toMatch(/^ {2}empty +Restarts annotation/m);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(
    '5 data, 1 empty, 0 unknown metric, 0 invalid, 0 unresolved',
  );
  expect(code).toBe(0);
});

test('the newest kind is checked the same way', async () => {
  expect((await report('newest.json')).summary).toMatchObject({ data: 4, empty: 0, invalid: 0 });
});

test('of breakers and mistakes it says what has data, and of the rest why not', async () => {
  const { files } = await report('breakers.json');
  const found = files[0]?.queries.map(({ panel, name, status, detail }) => [
    `${panel} ${name}`,
    status,
    detail,
  ]);
  expect(found).toEqual([
    ['$provider variable', 'data', null],
    ['$metric variable', 'data', null],
    ['Score of $provider A', 'data', null],
    ['State A', 'data', null],
    ['State B', 'data', null],
    ['Transitions A', 'data', null],
    ['Both A', 'data', null],
    ['Mistakes A', 'unknown metric', 'fastapi_responses_total'],
    ['Mistakes B', 'invalid', expect.stringMatching(/^bad_data: .*parse error: unclosed left parenthesis/)],
    ['Mistakes C', 'empty', 'circuit_breaker_current_state has no label service'],
    ['Mistakes D', 'empty', 'no circuit_breaker_current_state with provider="nobody"'],
    ['Mistakes E', 'data', 'no series has the label route, by which it groups'],
    ['Mistakes F', 'unresolved', 'nothing stands for $metric'],
    ['Mistakes G', 'empty', 'no fastapi_requests_duration_seconds_bucket with le="2"'],
  ]);
});

test('an unknown metric or an expression that is none fails, and something empty only where it is asked to', async () => {
  await using folder = await temporaryFolder('gatewayz-check-');
  const write = (expr: string): Promise<string> =>
    folder.write(
      `${expr.length}.json`,
      JSON.stringify({ panels: [{ title: 'x', targets: [{ refId: 'A', expr }] }] }),
    );
  const empty = await write('gatewayz_providers_total > 99');
  expect((await checkHere(empty)).code).toBe(0);
  expect((await checkHere(empty, '--strict')).code).toBe(1);
  expect((await checkHere(await write('no_such_metric'))).code).toBe(1);
  expect((await checkHere(await write('sum('))).code).toBe(1);
});

describe('what cannot be checked is said, and is no success', () => {
  test('a file that is no dashboard, beside one that is', async () => {
    const { code, stdout } = await checkHere(join(repositoryRoot, 'package.json'), fixture('newest.json'));
    expect(stdout).toContain('package.json: no dashboard: it has neither panels nor rows');
    expect(stdout).toContain('4 data');
    expect(code).toBe(1);
  });

  test('a file that is not there', async () => {
    const { code, stdout } = await checkHere('/no/such/file.json');
    expect(stdout).toContain('cannot be read');
    expect(code).toBe(1);
  });

  test('a Prometheus that is not there', async () => {
    const port = await freePort();
    const { code, stderr } = await check(fixture('newest.json'), '--prometheus', `http://127.0.0.1:${port}`);
    expect(stderr).toContain(`http://127.0.0.1:${port} cannot be asked`);
    expect(code).toBe(2);
  });

  test('a server that is no Prometheus', async () => {
    const { code, stderr } = await check(fixture('newest.json'), '--prometheus', stage.gateway.url);
    expect(stderr).toContain('cannot be asked: it answered 4');
    expect(code).toBe(2);
  });

  test.each([
    [[], 'no file was named'],
    [['x.json', '--prometheus', 'prometheus:9090'], 'expected an http:// or https:// URL'],
    [['x.json', '--hours', '0'], '--hours: expected'],
    [['x.json', '--colour'], '--colour'],
  ])('the arguments %j', async (args, message) => {
    const { code, stderr } = await check(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

test('the password in an URL is in no output', async () => {
  const port = await freePort();
  const url = `http://ann:s3cret@127.0.0.1:${port}`;
  const { stderr, stdout } = await check(fixture('newest.json'), '--prometheus', url);
  expect(`${stdout}${stderr}`).not.toContain('s3cret');
});

test('the command that the docs name is the one that is tested', () => {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  expect(manifest.scripts).toMatchObject({
    dashboards: 'node scripts/dashboards/write-dashboards.ts',
    'check-dashboards': 'node scripts/check-dashboards.ts',
  });
});
