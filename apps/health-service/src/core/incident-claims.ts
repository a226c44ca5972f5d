import type { Outcome } from '@gatewayz/provider-health';
import { subjectKey } from './incident-subject.ts';
import type { Incident, IncidentScope, TargetKey } from './types.ts';

/** An active incident as its replica tells the others of it, so that all of them give it one id. */
export type IncidentClaim = {
  readonly id: string;
  readonly scope: IncidentScope;
  readonly key: TargetKey;
  readonly type: Outcome;
  readonly openedAtMs: number;
};

/** For how long a claim holds that is not told again. */
export const CLAIM_HELD_MS = 60_000;

/** What the other replicas are told of an active incident. */
export function toClaim(incident: Incident): IncidentClaim {
  const { id, scope, type, openedAtMs } = incident;
  return { id, scope, key: subjectKey(incident), type, openedAtMs };
}

/** What other replicas have open, by subject. */
export class IncidentClaims {
  readonly #bySubject = new Map<string, { readonly claim: IncidentClaim; readonly heardAtMs: number }>();

  hear(about: string, claim: IncidentClaim, atMs: number): void {
    for (const [other, { heardAtMs }] of this.#bySubject)
      if (atMs - heardAtMs > CLAIM_HELD_MS) this.#bySubject.delete(other);
    const known = this.#bySubject.get(about)?.claim;
    if (known === undefined || claim.id <= known.id) this.#bySubject.set(about, { claim, heardAtMs: atMs });
  }

  /** The claim that holds at this time; null where none does. */
  at(about: string, atMs: number): IncidentClaim | null {
    const known = this.#bySubject.get(about);
    return known !== undefined && Math.abs(atMs - known.heardAtMs) <= CLAIM_HELD_MS ? known.claim : null;
  }
}
