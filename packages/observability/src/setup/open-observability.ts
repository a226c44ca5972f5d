import { claimApplication, requireUnclaimed } from './claim-application.ts';
import { createObservability, type Observability } from './create-observability.ts';
import type { ObservabilityOptions } from './observability-options.ts';

/** The module's options, or what `createObservability` made of them before. */
export type SetupOptions = ObservabilityOptions | { readonly observability: Observability };

/** Claims the application and gives it its observability; throws where it has one, or for bad options. */
export function openObservability(application: object, options: SetupOptions): Observability {
  requireUnclaimed(application);
  const observability = 'observability' in options ? options.observability : createObservability(options);
  claimApplication(application);
  return observability;
}
