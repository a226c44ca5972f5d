import type { Server } from 'node:http';
import { Hono } from 'hono';
import { setupPrometheusRoutes } from '../../hono.ts';
import {
  BoomError,
  chat,
  close,
  listen,
  RefusedError,
  STREAM_CHUNKS,
  type StartHost,
} from './contract-host.ts';

type CreateServer = (options: { readonly fetch: Hono['fetch'] }) => unknown;

function toStream(chunks: readonly string[], isEndless: boolean): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      if (!isEndless) controller.close();
    },
  });
}

/** A Hono application with middleware and a part of its own below a path, on the server that is handed in. */
export function createHonoHost(createServer: CreateServer): StartHost {
  return async (options) => {
    const app = new Hono();
    const observability = setupPrometheusRoutes(app, options);
    app.use('*', (_, next) => next());
    const things = new Hono();
    things.get('/:id', (context) => context.text('a thing'));
    app.route('/things', things);
    app.get('/boom', () => {
      throw new BoomError('boom');
    });
    app.get('/refused', () => {
      throw new RefusedError('refused');
    });
    app.get('/stream', () => new Response(toStream(STREAM_CHUNKS, false)));
    app.get('/sized', () => new Response('hello', { headers: { 'content-length': '5' } }));
    app.get('/endless', () => new Response(toStream(['a part'], true)));
    app.post('/echo', async (context) => context.text(await context.req.text()));
    app.get('/chat', (context) => context.text(chat(observability, context)));
    app.onError((error, context) => context.text('failed', error instanceof RefusedError ? 422 : 500));
    const server = createServer({ fetch: app.fetch }) as Server;
    return {
      observability,
      url: await listen(server),
      setUpAgain: () => setupPrometheusRoutes(app),
      close: () => close(server),
    };
  };
}
