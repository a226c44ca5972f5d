import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { setupPrometheusRoutes } from '../../fastify.ts';
import { BoomError, chat, RefusedError, STREAM_CHUNKS, type StartHost } from './contract-host.ts';

/** A Fastify application, one of whose routes is there before the module. */
export const startFastifyHost: StartHost = async (options) => {
  const app = Fastify({ forceCloseConnections: true });
  app.get('/things/:id', async () => 'a thing');
  const observability = setupPrometheusRoutes(app, options);
  app.get('/boom', async () => {
    throw new BoomError('boom');
  });
  app.get('/refused', async () => {
    throw new RefusedError('refused');
  });
  app.get('/stream', (_, reply) => reply.send(Readable.from(STREAM_CHUNKS)));
  app.get('/sized', (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-length': 5 });
    reply.raw.end('hello');
  });
  app.get('/endless', (_, reply) => {
    reply.hijack();
    reply.raw.write('a part');
  });
  app.post('/echo', async (request) => request.body);
  app.get('/chat', async (request) => chat(observability, request));
  return {
    observability,
    url: await app.listen({ host: '127.0.0.1', port: 0 }),
    setUpAgain: () => setupPrometheusRoutes(app),
    close: () => app.close(),
  };
};
