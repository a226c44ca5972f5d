import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { UNKNOWN_ROUTE } from './http-metrics.ts';
import type { Observability } from './setup/create-observability.ts';
import { readLabelName } from './setup/label-names.ts';
import { openObservability, type SetupOptions } from './setup/open-observability.ts';
import { sendAnswer } from './setup/send-answer.ts';

/** The module's options, and how a server without a router tells its routes apart. */
export type HttpSetupOptions = SetupOptions & {
  /**
   * The pattern of a request's route, such as `/things/:id`, out of few fixed ones: never the raw path. Without it, and
   * where it answers nothing or throws, the route is `other`.
   */
  readonly route?: (request: IncomingMessage) => string | null | undefined;
};

/**
 * Observes a server of `node:http` or `node:https`, listening or not, whenever its `request` listeners are added, and
 * answers `/metrics` and the views in front of them. Ends with the server.
 * @throws Error where the server is observed already; TypeError or RangeError for options that make no sense
 */
export function setupPrometheusRoutes(
  server: Server | SecureServer,
  options: HttpSetupOptions = {},
): Observability {
  const observability = openObservability(server, options);
  const { requests, endpoints } = observability;
  const { route } = options;
  const patternOf = (request: IncomingMessage): string => {
    try {
      return readLabelName(route?.(request));
    } catch {
      return UNKNOWN_ROUTE;
    }
  };

  /** Whether the request is one for the module itself. */
  function take(request: IncomingMessage, response: ServerResponse): boolean {
    const endpoint = endpoints.find(request.method, request.url);
    const pattern = endpoint?.pattern ?? patternOf(request);
    requests.observe(request, response, requests.route(request.method, pattern));
    if (endpoint === null) return false;
    void endpoints.answer(endpoint, request.headers).then((answer) => sendAnswer(response, answer));
    return true;
  }

  // Listeners that are added later are reached by this as well, and none is wrapped.
  const emit = server.emit;
  server.emit = function emitObserved(this: Server, event: string, ...values: unknown[]): boolean {
    if (event !== 'request') return Reflect.apply(emit, this, [event, ...values]) as boolean;
    if (take(values[0] as IncomingMessage, values[1] as ServerResponse)) return true;
    try {
      return Reflect.apply(emit, this, [event, ...values]) as boolean;
    } catch (error) {
      observability.exception(error);
      throw error;
    }
  } as typeof server.emit;
  server.once('close', observability.close);
  return observability;
}
