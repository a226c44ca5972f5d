import { startPostgres } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { type RunningHealthService, startHealthService } from './health-stage.ts';

const LONG = 'x'.repeat(300);
const INJECTION = encodeURIComponent("x' or 1=1; drop table incidents --");

/** Paths with the status that is right; every refusal says what is wrong. */
const REFUSED: readonly (readonly [path: string, status: number, says: string])[] = [
  ['/models?status=purple', 400, 'status:'],
  ['/models?limit=0', 400, 'limit:'],
  ['/models?limit=', 400, 'limit:'],
  ['/models?limit=1e3', 400, 'limit:'],
  ['/models?limit=10001', 400, 'limit:'],
  ['/models?limit=99999999999999999999', 400, 'limit:'],
  ['/models?limit=5&limit=6', 400, 'limit:'],
  ['/models?offset=-1', 400, 'offset:'],
  [`/models?provider=${LONG}`, 400, 'provider:'],
  ['/models?__proto__=1', 400, '__proto__'],
  ['/providers?provider=one', 400, 'provider'],
  ['/gateways?status=healthy,down', 400, 'status:'],
  ['/incidents?limit=501', 400, 'limit:'],
  ['/incidents?status=', 400, 'status'],
  ['/incidents?status=open,,', 400, 'status'],
  ['/incidents?severity=worst', 400, 'severity'],
  ['/uptime/models', 400, 'one provider at a time'],
  [`/uptime/models?provider=${LONG}`, 400, 'provider: Too big'],
  ['/uptime/providers?window=1y', 400, 'window:'],
  ['/incidents/%00', 404, 'no such incident'],
  ['/incidents/__proto__', 404, 'no such incident'],
  ['/incidents/..%2f..%2fetc%2fpasswd', 404, 'no such incident'],
  [`/incidents/${INJECTION}`, 404, 'no such incident'],
  ['/incidents/%zz', 400, 'malformed'],
  [`/incidents/${LONG}`, 414, 'too long'],
  ['/status/nothing', 404, 'nothing at this path'],
];

const EMPTY = [
  '/incidents?provider=%00%ED%A0%80',
  '/incidents?before=%00',
  `/incidents?provider=${INJECTION}`,
  `/incidents?before=${INJECTION}`,
];

async function checkAll(service: RunningHealthService): Promise<void> {
  for (const [path, status, says] of REFUSED) {
    const response = await fetch(`${service.url}${path}`);
    expect([path, response.status]).toEqual([path, status]);
    expect([path, await response.json()]).toEqual([
      path,
      { error: { message: expect.stringContaining(says) } },
    ]);
  }
  for (const path of EMPTY)
    expect([path, await service.get(path)]).toEqual([path, expect.objectContaining({ incidents: [] })]);
  for (const path of ['/uptime/models?provider=%00', `/uptime/models?provider=${INJECTION}`])
    expect([path, await service.get(path)]).toEqual([path, expect.objectContaining({ models: [] })]);
  expect(await service.get('/health')).toMatchObject({ status: 'healthy' });
  expect(service.process.stdout()).not.toContain('a request failed');
}

test('hostile ids, limits and filters are refused in one shape, and say what is wrong, on SQLite', async () => {
  await using service = await startHealthService({ config: {} });
  await checkAll(service);
});

test('the same holds on Postgres, which takes no zero bytes', async () => {
  await using postgres = await startPostgres();
  await using service = await startHealthService({ config: {}, env: { DATABASE_URL: postgres.url } });
  await checkAll(service);
});

test('hostile bodies of an acknowledgement are refused before anything is looked for', async () => {
  await using service = await startHealthService({ config: {} });
  const json = 'application/json';
  for (const [body, contentType, status, says] of [
    ['{"by":"a\\u0000b"}', json, 400, 'by:'],
    ['{"by":"\\u001b[31mred"}', json, 400, 'by:'],
    ['{"by":"half \\ud800"}', json, 400, 'by:'],
    ['{"by":"   "}', json, 400, 'by:'],
    [`{"by":"${'x'.repeat(101)}"}`, json, 400, 'by:'],
    ['{"by":1}', json, 400, 'by:'],
    ['{"colour":"red"}', json, 400, 'colour'],
    ['[1]', json, 400, 'array'],
    ['{"__proto__":{"by":"ann"}}', json, 400, 'malformed'],
    ['{"by"', json, 400, 'malformed'],
    ['', json, 400, 'malformed'],
    ['by=ann', 'application/x-www-form-urlencoded', 415, 'must be JSON'],
    [`"${'x'.repeat(20_000)}"`, json, 413, 'larger than 16384'],
    ['{"by":"ann"}', json, 404, 'no such incident'],
  ] as const) {
    const response = await fetch(`${service.url}/incidents/none/acknowledge`, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType },
    });
    const shown = body.slice(0, 40);
    expect([shown, response.status]).toEqual([shown, status]);
    expect([shown, await response.json()]).toEqual([
      shown,
      { error: { message: expect.stringContaining(says) } },
    ]);
  }
});

test('/metrics is JSON for a client that takes both alike, and text where text is weighed higher', async () => {
  await using service = await startHealthService({ config: {} });
  const typeFor = async (accept: string): Promise<string | null> => {
    const response = await fetch(`${service.url}/metrics`, { headers: { accept } });
    await response.arrayBuffer();
    expect(response.headers.get('vary')).toContain('accept');
    return response.headers.get('content-type');
  };
  expect(await typeFor('application/json, text/plain, */*')).toContain('application/json');
  expect(await typeFor('*/*')).toContain('application/json');
  expect(await typeFor('text/plain;version=0.0.4, */*;q=0.1')).toContain('text/plain; version=0.0.4');
  expect(await typeFor('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toContain(
    'application/openmetrics-text; version=1.0.0',
  );
});
