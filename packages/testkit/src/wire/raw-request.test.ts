import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { rawRequest } from './raw-request.ts';

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

test('every byte of every answer comes back, with how the connection ended', async () => {
  const server = createServer((_, response) => void response.end('héllo'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const bad = await rawRequest(port, ['GE', 'T / nonsense\r\n\r\n']);
  expect(bad).toMatchObject({ statuses: [400], closedBy: 'server' });
  const two = await rawRequest(port, [GET, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')]);
  expect(two).toMatchObject({ statuses: [200, 200], closedBy: 'server' });
  expect(two.bytes.includes(Buffer.from('héllo'))).toBe(true);
  expect(await rawRequest(port, GET, { timeoutMs: 100 })).toMatchObject({
    statuses: [200],
    closedBy: 'timeout',
  });
  expect(await rawRequest(port, GET, { until: (text) => text.includes('llo') })).toMatchObject({
    closedBy: 'until',
  });
  server.closeAllConnections();
  server.close();
});

test('a port on which nothing listens rejects', async () => {
  await expect(rawRequest(await freePort(), GET)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
