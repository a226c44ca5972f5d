import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startPrometheus } from './start-prometheus.ts';

test('a real Prometheus scrapes a target, with its token, and answers queries', async () => {
  const authorizations = new Set<string | undefined>();
  const server = createServer((request, response) => {
    authorizations.add(request.headers.authorization);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end('# TYPE things gauge\nthings{kind="a"} 2\nthings{kind="b"} 5\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const prometheus = await startPrometheus({ targets: [`127.0.0.1:${port}`], bearerToken: 't' });
  try {
    expect(await prometheus.queryUntil('sum(things)')).toEqual([{ labels: {}, value: 7 }]);
    const [a] = await prometheus.query('things{kind="a"}');
    expect(a).toMatchObject({ labels: { kind: 'a', job: 'gateway' }, value: 2 });
    expect(await prometheus.query('nothing_of_the_kind')).toEqual([]);
    expect(await prometheus.query('1 / 0')).toEqual([{ labels: {}, value: Number.POSITIVE_INFINITY }]);
    await expect(prometheus.query('sum(')).rejects.toThrow(/parse error/);
    expect([...authorizations]).toEqual(['Bearer t']);
  } finally {
    await prometheus.stop();
    server.closeAllConnections();
    server.close();
  }
  expect(prometheus.process.hasExited).toBe(true);
});
