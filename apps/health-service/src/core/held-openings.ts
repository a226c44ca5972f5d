import type { Outcome } from '@gatewayz/provider-health';
import { evidenceOf } from './evidence-of.ts';
import { familyOf, type IncidentFamily } from './incident-case.ts';
import { isProviderKey, targetId } from './target-key.ts';
import type { ProbeResult, TargetKey } from './types.ts';

/** A model that is in trouble since `atMs`, of which it is not known yet whether the trouble is its provider's. */
export type HeldOpening = {
  readonly key: TargetKey;
  readonly family: IncidentFamily;
  readonly type: Outcome;
  readonly atMs: number;
  failures: number;
};

/** Incidents of single models that wait for a word of their provider before they open. */
export class HeldOpenings {
  readonly #byTarget = new Map<string, HeldOpening>();

  get(key: TargetKey): HeldOpening | undefined {
    return this.#byTarget.size === 0 ? undefined : this.#byTarget.get(targetId(key));
  }

  add(held: HeldOpening): void {
    this.#byTarget.set(targetId(held.key), held);
  }

  delete(key: TargetKey): void {
    if (this.#byTarget.size > 0) this.#byTarget.delete(targetId(key));
  }

  count(provider: string, family: IncidentFamily): number {
    return this.#where((held) => held.key.provider === provider && held.family === family).length;
  }

  /** Takes out a provider's models that are in the same trouble. */
  takeAlike(provider: string, family: IncidentFamily): HeldOpening[] {
    return this.#take((held) => held.key.provider === provider && held.family === family);
  }

  /** Takes out the models whose trouble, by this later result, is not their provider's. */
  takeOnOwn({ key, outcome, atEpochMs }: ProbeResult): HeldOpening[] {
    // That the probe was stopped, or that we are offline ourselves, says nothing of the provider.
    if (this.#byTarget.size === 0 || outcome === 'gateway' || outcome === 'client_closed') return [];
    if (!isProviderKey(key) && evidenceOf(outcome) !== 'ok') return [];
    const family = familyOf(outcome);
    return this.#take(
      (held) => held.key.provider === key.provider && held.family !== family && held.atMs <= atEpochMs,
    );
  }

  /** Takes out what has waited since this time or longer. */
  takeSince(atMs: number): HeldOpening[] {
    return this.#take((held) => held.atMs <= atMs);
  }

  #take(isMeant: (held: HeldOpening) => boolean): HeldOpening[] {
    const taken = this.#where(isMeant);
    for (const { key } of taken) this.delete(key);
    return taken;
  }

  #where(isMeant: (held: HeldOpening) => boolean): HeldOpening[] {
    return this.#byTarget.size === 0 ? [] : [...this.#byTarget.values()].filter(isMeant);
  }
}
