import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * Creates the part that keeps OpenTelemetry's active span across `await`, timers and callbacks. `bind` binds functions;
 * an event emitter comes back as it is.
 */
export function createAsyncContext(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, callback, thisArgument, ...values) =>
      storage.run(context, () => callback.call(thisArgument as never, ...values)),
    bind: (context, target) => {
      if (typeof target !== 'function') return target;
      const bound = function (this: unknown, ...values: unknown[]): unknown {
        return storage.run(context, () => Reflect.apply(target, this, values));
      };
      return bound as typeof target;
    },
    enable: () => manager,
    disable: () => {
      storage.disable();
      return manager;
    },
  };
  return manager;
}
