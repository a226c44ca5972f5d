import { familyOf, type IncidentFamily, toEvidence } from './incident-case.ts';
import { targetId } from './target-key.ts';
import type { IncidentEvidence, ProbeResult, TargetKey } from './types.ts';

/** Failures before an incident opens are its first evidence; no more are kept than an incident holds. */
const KEPT = 10;

/** What was seen of targets that are in no incident yet, since their last success. */
export class EarlyEvidence {
  readonly #byTarget = new Map<string, readonly IncidentEvidence[]>();

  add(result: ProbeResult): void {
    const id = targetId(result.key);
    this.#byTarget.set(id, [...(this.#byTarget.get(id) ?? []), toEvidence(result)].slice(-KEPT));
  }

  /** When the first kept failure of this family was seen. */
  sinceMs(key: TargetKey, family: IncidentFamily): number | null {
    const seen = this.#byTarget.get(targetId(key)) ?? [];
    return seen.find(({ outcome }) => familyOf(outcome) === family)?.atMs ?? null;
  }

  take(key: TargetKey): readonly IncidentEvidence[] {
    const id = targetId(key);
    const seen = this.#byTarget.get(id) ?? [];
    this.#byTarget.delete(id);
    return seen;
  }

  delete(key: TargetKey): void {
    if (this.#byTarget.size > 0) this.#byTarget.delete(targetId(key));
  }
}
