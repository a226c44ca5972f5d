import { createServer, type Server } from 'node:http';
import { type Metrics, readMetrics } from '@gatewayz/testkit';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { setupPrometheusRoutes as setUpExpress } from '../express.ts';
import type { Observability } from './create-observability.ts';
import { BoomError, close, listen } from './test-support/contract-host.ts';

const options = { env: {}, processMetrics: false };
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of closing.splice(0)) await end();
});

async function serve(server: Server): Promise<string> {
  closing.push(() => close(server));
  return await listen(server);
}

async function read({ registry }: Observability): Promise<Metrics> {
  return readMetrics((await registry.render()).toString());
}

/** The routes under which requests have been counted, once there are as many as were made. */
async function countedRoutes(observability: Observability, requests: number): Promise<readonly string[]> {
  await expect.poll(async () => (await read(observability)).sum('fastapi_requests_total')).toBe(requests);
  return (await read(observability))
    .series('fastapi_requests_total')
    .map(({ labels }) => `${labels.method} ${labels.path} ${labels.status_code}`)
    .toSorted();
}

describe('on Express', () => {
  test('a router below a path with parameters counts on the pattern, not on what the client sent', async () => {
    const app = express();
    const files = express.Router({ mergeParams: true });
    files.get('/:name', (_, response) => void response.send('file'));
    files.get('/', (_, response) => void response.send('files'));
    const users = express.Router();
    users.use('/files', files);
    app.use('/users/:id', users);
    app.get(['/a', '/b'], (_, response) => void response.send('either'));
    app.get(/^\/ab?c$/, (_, response) => void response.send('regexp'));
    const observability = setUpExpress(app, options);
    const url = await serve(createServer(app));
    for (const path of ['/users/secret-7/files/x', '/users/secret-8/files', '/a', '/ac']) {
      expect((await fetch(url + path)).status).toBe(200);
    }
    expect(await countedRoutes(observability, 4)).toEqual([
      'GET /^\\/ab?c$/ 200',
      'GET /a|/b 200',
      'GET /users/:id/files/ 200',
      'GET /users/:id/files/:name 200',
    ]);
  });

  test('a router whose mount path cannot be read stands under a star, never under what the client sent', async () => {
    const app = express();
    const router = express.Router();
    router.get('/x', (_, response) => void response.send('x'));
    app.use(/^\/secret-\d+/, router);
    const observability = setUpExpress(app, options);
    const url = await serve(createServer(app));
    expect((await fetch(`${url}/secret-7/x`)).status).toBe(200);
    expect(await countedRoutes(observability, 1)).toEqual(['GET /*/x 200']);
  });

  test('an application mounted in another counts on the whole pattern, even where it throws', async () => {
    const app = express();
    const inner = express();
    inner.get('/boom/:id', () => {
      throw new BoomError('boom');
    });
    app.use('/v1', inner);
    app.use(
      ((_error, _request, response, _next) =>
        void response.status(500).send('x')) as express.ErrorRequestHandler,
    );
    const observability = setUpExpress(app, options);
    const url = await serve(createServer(app));
    await fetch(`${url}/v1/boom/1`);
    expect(await countedRoutes(observability, 1)).toEqual(['GET /v1/boom/:id 500']);
    expect((await read(observability)).sum('fastapi_exceptions_total', { exception_type: 'BoomError' })).toBe(
      1,
    );
  });

  test('routes that are added after the module, and while the server listens, count as well', async () => {
    const app = express();
    const url = await serve(createServer(app));
    const observability = setUpExpress(app, options);
    app.get('/late/:id', (_, response) => void response.send('late'));
    await fetch(`${url}/late/1`);
    const router = express.Router();
    router.get('/x', (_, response) => void response.send('x'));
    app.use('/later/:id', router);
    await fetch(`${url}/later/1/x`);
    expect(await countedRoutes(observability, 2)).toEqual(['GET /late/:id 200', 'GET /later/:id/x 200']);
  });

  test('an error that the application answers with less than 500 is none', async () => {
    const app = express();
    app.get('/boom', () => {
      throw new BoomError('boom');
    });
    app.use(
      ((_error, _request, response, _next) =>
        void response.status(409).send('x')) as express.ErrorRequestHandler,
    );
    const observability = setUpExpress(app, options);
    await fetch(`${await serve(createServer(app))}/boom`);
    expect(await countedRoutes(observability, 1)).toEqual(['GET /boom 409']);
    expect((await read(observability)).sum('fastapi_exceptions_total')).toBe(0);
  });
});
