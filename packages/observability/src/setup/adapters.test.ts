import { createServer, type Server } from 'node:http';
import { type Metrics, readMetrics } from '@gatewayz/testkit';
import Fastify, { type FastifyInstance } from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, test } from 'vitest';
import { setupPrometheusRoutes as setUpFastify } from '../fastify.ts';
import { setupPrometheusRoutes as setUpHono } from '../hono.ts';
import { setupPrometheusRoutes as setUpHttp } from '../http.ts';
import { createObservability, type Observability } from './create-observability.ts';
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

describe('on Fastify', () => {
  function createApp(): FastifyInstance {
    const app = Fastify();
    closing.push(() => app.close());
    return app;
  }

  test('routes of plugins, with prefixes and of several methods count on their patterns', async () => {
    const app = createApp();
    const observability = setUpFastify(app, options);
    app.register(
      async (scope) => {
        scope.get('/', async () => 'root');
        scope.all('/any/:id', async () => 'any');
      },
      { prefix: '/api' },
    );
    for (const url of ['/api', '/api/', '/api/any/1'])
      expect((await app.inject({ url })).statusCode).toBe(200);
    await app.inject({ method: 'PUT', url: '/api/any/2' });
    expect(await countedRoutes(observability, 4)).toEqual([
      'GET /api 200',
      'GET /api/any/:id 200',
      'PUT /api/any/:id 200',
    ]);
  });

  test('what a hook of the application answers counts on the route that was asked for', async () => {
    const app = createApp();
    const observability = setUpFastify(app, options);
    app.addHook('onRequest', async (_, reply) => reply.code(401).send('who?'));
    app.get('/things/:id', async () => 'a thing');
    await app.inject({ url: '/things/1' });
    expect(await countedRoutes(observability, 1)).toEqual(['GET /things/:id 401']);
  });

  test('every route is there before its first request', async () => {
    const app = createApp();
    const observability = setUpFastify(app, options);
    app.get('/things/:id', async () => 'a thing');
    await app.ready();
    const series = (await read(observability)).series('fastapi_requests_in_progress', {
      path: '/things/:id',
    });
    expect(series.map(({ labels, value }) => [labels.method, value])).toEqual([
      ['GET', 0],
      ['HEAD', 0],
    ]);
  });

  test('it is too late once the application is ready, and the error says so', async () => {
    const app = createApp();
    await app.ready();
    expect(() => setUpFastify(app, options)).toThrow(/before the Fastify application is ready/);
  });

  test('a path that the application has already is an error that names it, and nothing goes on running', () => {
    const app = createApp();
    app.get('/metrics', async () => 'mine');
    const observability = createObservability({ ...options, processMetrics: true });
    expect(() => setUpFastify(app, { observability })).toThrow(/\/metrics/);
    expect(observability.registry.names()).not.toContain('process_cpu_seconds_total');
  });

  test('one observability serves two applications', async () => {
    const observability = createObservability(options);
    for (const path of ['/public', '/admin']) {
      const app = createApp();
      setUpFastify(app, { observability });
      app.get(path, async () => 'here');
      await app.inject({ url: path });
    }
    expect(await countedRoutes(observability, 2)).toEqual(['GET /admin 200', 'GET /public 200']);
  });
});

describe('on Hono', () => {
  test('it must come before the first route, and the error says so', () => {
    const app = new Hono();
    app.get('/', (context) => context.text('first'));
    expect(() => setUpHono(app, options)).toThrow(/before the first route and middleware/);
  });

  test('without a server a request counts when its handler has answered', async () => {
    const app = new Hono();
    const observability = setUpHono(app, options);
    closing.push(async () => observability.close());
    app.use('/private/*', async (context, next) =>
      context.req.header('authorization') === undefined ? context.text('who?', 401) : await next(),
    );
    app.get('/private/:id', (context) => context.text('private'));
    app.all('/any/*', (context) => context.text('any'));
    app.get('/boom', () => {
      throw new BoomError('boom');
    });
    app.onError((_, context) => context.text('failed', 500));
    for (const path of ['/private/1', '/any/x', '/boom', '/nowhere', '/metrics']) await app.request(path);
    await app.request('/private/1', { headers: { authorization: 'me' } });
    expect(await countedRoutes(observability, 6)).toEqual([
      'GET /any/* 200',
      'GET /boom 500',
      'GET /metrics 200',
      'GET /private/:id 200',
      'GET /private/:id 401',
      'GET other 404',
    ]);
    expect((await read(observability)).sum('fastapi_exceptions_total', { exception_type: 'BoomError' })).toBe(
      1,
    );
  });
});

describe('on node:http', () => {
  test('a server that listens already, and listeners that come later, are observed', async () => {
    const server = createServer();
    const url = await serve(server);
    const observability = setUpHttp(server, { ...options, route: () => '/late' });
    server.on('request', (_, response) => response.end('late'));
    expect(await (await fetch(url)).text()).toBe('late');
    expect(await countedRoutes(observability, 1)).toEqual(['GET /late 200']);
  });

  test.each<[string, (() => unknown) | undefined]>([
    ['is missing', undefined],
    ['answers nothing', () => undefined],
    ['answers no string', () => 7],
    [
      'throws',
      () => {
        throw new Error('no route');
      },
    ],
  ])('a request is of the route other where the option route %s', async (_, route) => {
    const server = createServer((_request, response) => response.end('x'));
    const observability = setUpHttp(server, { ...options, ...(route && { route: route as () => string }) });
    await fetch(`${await serve(server)}/secret`);
    expect(await countedRoutes(observability, 1)).toEqual(['GET other 200']);
  });

  test('raw paths in place of patterns do not fill the memory', async () => {
    const server = createServer((_, response) => response.end('x'));
    const observability = setUpHttp(server, { ...options, route: ({ url }) => url });
    for (let number = 0; number < 1500; number += 1) {
      observability.requests.route('GET', `/raw/${number}`);
    }
    const route = observability.requests.route('GET', '/raw/more');
    expect(route.pattern).toBe('other');
    observability.close();
  });

  test('what a listener throws is counted, and thrown as before', () => {
    const server = createServer(() => {
      throw new BoomError('boom');
    });
    const observability = setUpHttp(server, options);
    closing.push(async () => observability.close());
    const request = { method: 'GET', url: '/', headers: {} };
    const response = { write() {}, end() {}, on() {} };
    expect(() => server.emit('request', request as never, response as never)).toThrow(BoomError);
    const samples = [...observability.registry.samples('fastapi_exceptions_total')];
    expect(samples).toMatchObject([{ labels: { exception_type: 'BoomError' }, value: 1 }]);
  });

  test('other events pass as they are', () => {
    const server = createServer();
    setUpHttp(server, options).close();
    let told: unknown;
    server.on('anything', (value) => {
      told = value;
    });
    expect([server.emit('anything', 7), server.emit('unheard')]).toEqual([true, false]);
    expect(told).toBe(7);
  });
});
