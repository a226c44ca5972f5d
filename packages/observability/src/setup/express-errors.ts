import type { ErrorRequestHandler, Express } from 'express';
import type { RequestObserver } from './request-observer.ts';

interface Layer {
  readonly handle: { readonly length: number };
}

/**
 * A function for each request, the first call of which puts error handlers into the application that count and pass
 * on: one before the first handler of the application's own, which may answer, and one at the end.
 */
export function countRouterErrors(app: Express, requests: RequestObserver): () => void {
  let isDone = false;
  const note: ErrorRequestHandler = (error, _request, response, next) => {
    requests.failed(response, error);
    next(error);
  };
  return () => {
    if (isDone) return;
    isDone = true;
    app.use(note);
    const stack = (app as { readonly router?: { readonly stack?: Layer[] } }).router?.stack ?? [];
    const first = stack.findIndex(({ handle }) => handle.length === 4);
    const last = stack.at(-1);
    if (last !== undefined && first !== -1 && first < stack.length - 1) stack.splice(first, 0, last);
  };
}
