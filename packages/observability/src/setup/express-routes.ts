import type { IncomingMessage } from 'node:http';
import type { Express } from 'express';
import { observationOf } from '../observe-response.ts';
import { createMountPatterns } from './express-mounts.ts';
import type { RequestObserver } from './request-observer.ts';

const matched: unique symbol = Symbol('gatewayz.route');

interface MatchedRoute {
  readonly path?: unknown;
}

/** What the prototype of Express's requests is, as far as it matters here. */
interface RoutedRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly app?: Express;
  readonly res?: object;
  [matched]?: MatchedRoute | undefined;
}

/**
 * Counts each request on its route from the moment that a router has found it: `baseUrl` is gone again where a
 * handler fails, and the gauge of requests in progress cannot wait for the end.
 */
export function watchRoutes(app: Express, requests: RequestObserver): void {
  const patternOf = createMountPatterns(app);
  Object.defineProperty(app.request, 'route', {
    configurable: true,
    enumerable: true,
    get(this: RoutedRequest) {
      return this[matched];
    },
    set(this: RoutedRequest, route: MatchedRoute | undefined) {
      this[matched] = route;
      if (this.res === undefined || route === undefined) return;
      const observation = observationOf(this.res);
      if (observation === undefined) return;
      try {
        const pattern = patternOf(this.app ?? app, this.baseUrl ?? '') + toPattern(route.path);
        observation.moveTo(requests.route(this.method, pattern || '/'));
      } catch (error) {
        requests.failed(this.res, error);
      }
    },
  });
}

function toPattern(path: unknown): string {
  return Array.isArray(path) ? path.map(toPattern).join('|') : String(path ?? '');
}
