import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setupPrometheusRoutes } from '../../http.ts';
import type { Observability } from '../create-observability.ts';
import {
  BoomError,
  chat,
  close,
  listen,
  RefusedError,
  STREAM_CHUNKS,
  type StartHost,
} from './contract-host.ts';

const PATTERNS = ['/things/:id', '/boom', '/refused', '/stream', '/sized', '/endless', '/echo', '/chat'];

function route(request: IncomingMessage): string | null {
  const path = request.url ?? '';
  return PATTERNS.find((pattern) => pattern.split('/')[1] === path.split('/')[1]) ?? null;
}

/** A plain server; its listener is there before the module. */
export const startHttpHost: StartHost = async (options) => {
  const server = createServer((request, response) => {
    try {
      answer(request, response, observability);
    } catch (error) {
      const status = error instanceof RefusedError ? error.statusCode : 500;
      if (status === 500) observability.exception(error);
      response.writeHead(status).end('failed');
    }
  });
  const observability = setupPrometheusRoutes(server, { ...options, route });
  return {
    observability,
    url: await listen(server),
    setUpAgain: () => setupPrometheusRoutes(server),
    close: () => close(server),
  };
};

function answer(request: IncomingMessage, response: ServerResponse, observability: Observability): void {
  switch (route(request)) {
    case '/things/:id':
      response.end('a thing');
      return;
    case '/boom':
      throw new BoomError('boom');
    case '/refused':
      throw new RefusedError('refused');
    case '/stream':
      for (const chunk of STREAM_CHUNKS) response.write(chunk);
      response.end();
      return;
    case '/sized':
      response.writeHead(200, { 'content-length': 5 });
      response.end('hello');
      return;
    case '/endless':
      response.write('a part');
      return;
    case '/echo':
      request.pipe(response);
      return;
    case '/chat':
      response.end(chat(observability, request));
      return;
    default:
      response.writeHead(404).end('nothing');
  }
}
