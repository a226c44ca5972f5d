import type { Registry } from '@gatewayz/metrics';
import type { MetricDefinition } from '../metric-definition.ts';

/** Where in the module an error was caught before it could reach the host. */
export const ERROR_PLACES = [
  'request',
  'inference',
  'ended_twice',
  'listener',
  'database',
  'endpoint',
  'monitor',
  'close',
] as const;
export type ErrorPlace = (typeof ERROR_PLACES)[number];

const definitions = {
  errors: {
    name: 'gatewayz_module_errors_total',
    type: 'counter',
    help: 'Errors inside the module that were kept away from the application, by place.',
    labels: ['place'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** What the module counts about itself, as data. */
export const moduleCatalogue: readonly MetricDefinition[] = Object.values(definitions);

/** Hears of errors that the module kept away from the application; whatever it throws is lost. */
export type OnModuleError = (error: unknown, place: ErrorPlace) => void;

/** The end of every error of the module's own: counted once, told once, thrown at nobody. */
export interface ModuleErrors {
  note(place: ErrorPlace, error: unknown): void;
}

/** Creates the counter of the module's own errors on a registry. */
export function createModuleErrors(registry: Registry, onError: OnModuleError | null): ModuleErrors {
  const errors = registry.counter(definitions.errors);
  for (const place of ERROR_PLACES) errors.labels({ place });
  return {
    note(place, error) {
      errors.labels({ place }).inc();
      runCallback(() => onError?.(error, place));
    },
  };
}

/** Runs a function of the application's, which may throw or reject, for its effect alone; false where it threw. */
export function runCallback(callback: () => unknown): boolean {
  try {
    const result = callback();
    if (result instanceof Promise) result.catch(() => undefined);
    return true;
  } catch {
    return false;
  }
}
