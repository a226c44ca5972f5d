import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Pool } from 'undici';
import { describe, expect, test } from 'vitest';
import { fetchModelList } from './model-list.ts';
import type { ProviderConnection } from './provider-connection.ts';

interface Call {
  readonly path: string;
  readonly headers: readonly string[];
}

function providerThat(
  answers: string | Buffer,
  statusCode = 200,
): { provider: ProviderConnection; calls: Call[] } {
  const calls: Call[] = [];
  const pool = {
    request(call: Call) {
      calls.push(call);
      const body = Readable.from([Buffer.from(answers)]);
      return Promise.resolve({ statusCode, body });
    },
  };
  const provider = {
    basePath: '/v1',
    headers: ['authorization', 'Bearer key'],
    pool,
  } as unknown as ProviderConnection;
  return { provider, calls };
}

const fetchFrom = (answers: string | Buffer, status?: number): Promise<readonly string[]> =>
  fetchModelList(providerThat(answers, status).provider);

describe('the list of a provider', () => {
  test('is asked for below its base URL, with its key', async () => {
    const { provider, calls } = providerThat('{"data":[{"id":"small","object":"model"},{"id":"a/b:free"}]}');
    expect(await fetchModelList(provider)).toEqual(['small', 'a/b:free']);
    expect(calls).toMatchObject([{ path: '/v1/models', headers: ['authorization', 'Bearer key'] }]);
  });

  test('holds no name that cannot stand in a label or a header, and none twice', async () => {
    const ids = ['a', 'a', '', ' b', 'x\r\ny: z', 'quote"', 'modèle', 'm'.repeat(257), 'm'.repeat(256)];
    const list = JSON.stringify({ data: ids.map((id) => ({ id })) });
    expect(await fetchFrom(list)).toEqual(['a', 'm'.repeat(256)]);
  });

  test('ends after 5,000 models', async () => {
    const data = Array.from({ length: 6000 }, (_, n) => ({ id: `m${n}` }));
    expect(await fetchFrom(JSON.stringify({ data }))).toHaveLength(5000);
  });

  test('may be empty', async () => {
    expect(await fetchFrom('{"data":[]}')).toEqual([]);
  });
});

describe('what is no list', () => {
  test.each([
    '',
    '<html>',
    '[]',
    '{}',
    '{"data":{}}',
    '{"data":[{}]}',
    '{"data":["a"]}',
    '{"data":[{"id":1}]}',
  ])('is refused: %s', async (text) => {
    await expect(fetchFrom(text)).rejects.toThrow();
  });

  test.each([204, 301, 401, 404, 500])('is an answer with status %i', async (status) => {
    await expect(fetchFrom('{"data":[{"id":"a"}]}', status)).rejects.toThrow(
      `GET /models answered ${status}`,
    );
  });

  test('is an answer of more than 16 MiB', async () => {
    await expect(fetchFrom(Buffer.alloc(16_777_217, ' '))).rejects.toThrow('more than 16777216 bytes');
  });
});

test('a provider that refuses its list harms nobody but itself', async () => {
  const server = createServer((_, response) => response.writeHead(404, { 'content-length': 2 }).end('no'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const pool = new Pool(`http://127.0.0.1:${port}`);
  const refused = fetchModelList({ pool, basePath: '/v1', headers: [], secret: null });
  await expect(refused).rejects.toThrow('GET /models answered 404');
  // What goes wrong behind the refusal would come in a later turn, as an error that nothing catches.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await pool.destroy();
  await new Promise((resolve) => server.close(resolve));
});
