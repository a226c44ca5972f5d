import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { createExchange } from './exchange.ts';

const anHourMs = 3_600_000;

it('ends the wait of an exchange whose client has left', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  const exchange = createExchange(response, { kind: 'natural', random: Math.random });
  const waiting = exchange.pause(anHourMs);
  client.destroy();
  await expect(waiting).rejects.toThrow('aborted');
  await expect(exchange.writeEvent('late')).rejects.toThrow('aborted');
  server.close();
});
