import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FakeOtlp, startFakeOtlp } from '@gatewayz/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const REGISTER = new URL('../register.ts', import.meta.url).href;
const HERE = fileURLToPath(new URL('.', import.meta.url));
const PROGRAM = `
  const { trace } = await import('@opentelemetry/api');
  await trace.getTracer('host').startActiveSpan('outer', async (outer) => {
    await null;
    trace.getTracer('host').startSpan('inner').end();
    outer.end();
  });
  console.log('done');
`;

let collector: FakeOtlp;
beforeEach(async () => {
  collector = await startFakeOtlp();
});
afterEach(() => collector.close());

function run(environment: NodeJS.ProcessEnv, nodeArguments: readonly string[] = []) {
  const { PATH = '' } = process.env;
  return promisify(execFile)(process.execPath, [...nodeArguments, '--input-type=module', '-e', PROGRAM], {
    cwd: HERE,
    env: { PATH, ...environment },
  });
}

test.each<[string, NodeJS.ProcessEnv, readonly string[]]>([
  ['--import', {}, ['--import', REGISTER]],
  ['NODE_OPTIONS', { NODE_OPTIONS: `--import=${REGISTER}` }, []],
])(
  'a host that is started with %s traces what it does, until its end',
  async (_, environment, nodeArguments) => {
    const { stdout } = await run(
      { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'host' },
      nodeArguments,
    );
    expect(stdout).toContain('done');
    expect(collector.problems).toEqual([]);
    const [outer, inner] = ['outer', 'inner'].map((name) =>
      collector.spans.find((span) => span.name === name),
    );
    expect(collector.spans).toHaveLength(2);
    expect(inner?.parentSpanId).toBe(outer?.spanId);
    expect(outer?.resource['service.name']).toBe('host');
  },
);

test('without an endpoint the host runs as it would, and nothing is sent', async () => {
  const { stdout } = await run({}, ['--import', REGISTER]);
  expect(stdout).toContain('done');
  expect(collector.requests).toEqual([]);
});
