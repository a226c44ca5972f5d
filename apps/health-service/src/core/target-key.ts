import type { TargetKey } from './types.ts';

/** A string that is the same for equal keys and for no others: provider and model as a JSON pair. */
export function targetId(key: TargetKey): string {
  return JSON.stringify([key.provider, key.model]);
}

/** The key of a provider as a whole. */
export function providerKey(provider: string): TargetKey {
  return { provider, model: '' };
}

/** True for a provider as a whole, false for one of its models. */
export function isProviderKey(key: TargetKey): boolean {
  return key.model === '';
}
