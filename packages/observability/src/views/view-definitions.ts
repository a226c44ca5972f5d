import { businessDefinitions } from './business-definitions.ts';
import { modelDefinitions } from './model-definitions.ts';
import { performanceDefinitions } from './performance-definitions.ts';
import { providerDefinitions } from './provider-definitions.ts';
import { systemDefinitions } from './system-definitions.ts';
import type { TextView, ViewDefinition } from './view-definition.ts';

/** Every value of the text views, once. */
export const viewDefinitions: readonly ViewDefinition[] = [
  ...Object.values(systemDefinitions),
  ...Object.values(providerDefinitions),
  ...Object.values(modelDefinitions),
  ...Object.values(businessDefinitions),
  ...performanceDefinitions,
];

/** The values that a view shows. */
export function definitionsOf(view: TextView): readonly ViewDefinition[] {
  return view === 'all' ? viewDefinitions : viewDefinitions.filter(({ views }) => views.includes(view));
}
