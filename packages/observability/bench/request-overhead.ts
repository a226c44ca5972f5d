import { once } from 'node:events';
import { Agent, createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setupPrometheusRoutes as setUpExpress } from '@gatewayz/observability/express';
import { setupPrometheusRoutes as setUpFastify } from '@gatewayz/observability/fastify';
import { setupPrometheusRoutes as setUpHttp } from '@gatewayz/observability/http';
import express from 'express';
import Fastify from 'fastify';

/** What the module adds to one request: CPU time of this process, client included, with it less without it. */
const REQUESTS = 4000;
const ROUNDS = 9;
const options = { env: {} };

type MakeServer = (isObserved: boolean) => Promise<Server>;

const servers: Readonly<Record<string, MakeServer>> = {
  async fastify(isObserved) {
    const app = Fastify();
    if (isObserved) setUpFastify(app, options);
    app.get('/things/:id', (_, reply) => reply.send('a thing'));
    await app.ready();
    return app.server;
  },
  async express(isObserved) {
    const app = express();
    if (isObserved) setUpExpress(app, options);
    app.get('/things/:id', (_, response) => {
      response.send('a thing');
    });
    return createServer(app as RequestListener);
  },
  async http(isObserved) {
    const server = createServer((_, response) => response.end('a thing'));
    if (isObserved) setUpHttp(server, { ...options, route: () => '/things/:id' });
    return server;
  },
};

async function measure(server: Server, agent: Agent): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const before = process.cpuUsage();
  for (let number = 0; number < REQUESTS; number += 1) {
    const asked = request({ port, host: '127.0.0.1', path: '/things/1', agent }).end();
    const [response] = await once(asked, 'response');
    response.resume();
    await once(response, 'end');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

for (const [name, make] of Object.entries(servers)) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const [plain, observed] = await Promise.all([make(false), make(true)]);
  for (const server of [plain, observed]) await once(server.listen(0, '127.0.0.1'), 'listening');
  const times = { plain: [] as number[], observed: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const pair = [await measure(plain, agent), await measure(observed, agent)] as const;
    if (round === 0) continue;
    times.plain.push(pair[0]);
    times.observed.push(pair[1]);
  }
  const added = median(times.observed) - median(times.plain);
  console.log(
    `${name}: ${median(times.plain).toFixed(1)} µs without, ${median(times.observed).toFixed(1)} µs with, ${added.toFixed(1)} µs added`,
  );
  agent.destroy();
  plain.close();
  observed.close();
}
