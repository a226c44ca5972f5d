import type { TargetKey } from './types.ts';

/** Ids that are kept; beyond, all are made anew. */
const IDS_KEPT = 100_000;

/** Every result looks its targets up by id several times: one string for each keeps its hash. */
const ids = new Map<string, Map<string, string>>();
let kept = 0;

/** A string that is the same for equal keys and for no others: provider and model as a JSON pair. */
export function targetId({ provider, model }: TargetKey): string {
  let ofProvider = ids.get(provider);
  const known = ofProvider?.get(model);
  if (known !== undefined) return known;
  if (kept >= IDS_KEPT) {
    ids.clear();
    kept = 0;
    ofProvider = undefined;
  }
  if (ofProvider === undefined) {
    ofProvider = new Map();
    ids.set(provider, ofProvider);
  }
  const id = JSON.stringify([provider, model]);
  ofProvider.set(model, id);
  kept += 1;
  return id;
}

/** The key of a provider as a whole. */
export function providerKey(provider: string): TargetKey {
  return { provider, model: '' };
}

/** True for a provider as a whole, false for one of its models. */
export function isProviderKey(key: TargetKey): boolean {
  return key.model === '';
}
