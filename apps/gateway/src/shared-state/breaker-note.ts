import type { HealthTransition } from '@gatewayz/provider-health';
import { OTHER_MODEL } from '@gatewayz/provider-health';

/** What a replica tells the others of one of its breakers. */
export interface BreakerNote {
  /** Of this note and no other. */
  readonly id: string;
  /** The replica. */
  readonly by: string;
  readonly state: 'open' | 'closed';
  /** Of an open one; checked where it is taken over. */
  readonly reason: string;
  readonly opensInRow: number;
}

/** The breakers of all replicas as Redis had them. */
export interface BreakerPage {
  readonly version: string;
  /** Null where nothing has changed; by the breaker's field, with the ms for which it still holds. */
  readonly notes: ReadonlyMap<string, { readonly note: BreakerNote; readonly remainingMs: number }> | null;
}

/** For how long it is told that a breaker has closed. */
const CLOSED_MS = 60_000;

/** The field of a provider's breaker, or of one model's. */
export function toField(provider: string, model: string | null): string {
  return JSON.stringify([provider, model]);
}

/** The provider and model of a field, or null where it is none. */
export function fromField(
  field: string,
): { readonly provider: string; readonly model: string | null } | null {
  const value = parse(field);
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [provider, model] = value as readonly unknown[];
  if (typeof provider !== 'string' || (model !== null && typeof model !== 'string')) return null;
  return { provider, model };
}

/** What the other replicas should hear of a change, and for how long it holds; null where it is nobody else's business. */
export function toTold({
  model,
  to,
  reason,
  atMs,
}: HealthTransition): { readonly told: Omit<BreakerNote, 'id' | 'by'>; readonly holdsMs: number } | null {
  // Which models share that breaker is another matter at every replica.
  if (model === OTHER_MODEL) return null;
  if (to.kind === 'open') {
    const told = { state: 'open', reason: to.reason, opensInRow: to.opensInRow } as const;
    return { told, holdsMs: to.untilMs - atMs };
  }
  if (to.kind !== 'closed' || reason !== 'half_open_successes') return null;
  return { told: { state: 'closed', reason, opensInRow: 0 }, holdsMs: CLOSED_MS };
}

/** Reads what the script answered; what is no note is left out. */
export function readBreakerPage(answer: unknown): BreakerPage {
  const [version, nowMs, flat] = answer as [version: string, nowMs?: string, flat?: readonly string[]];
  if (nowMs === undefined || flat === undefined) return { version, notes: null };
  const notes = new Map<string, { note: BreakerNote; remainingMs: number }>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [field = '', entry = ''] = [flat[index], flat[index + 1]];
    const space = entry.indexOf(' ');
    const note = toNote(parse(entry.slice(space + 1)));
    const remainingMs = Number(entry.slice(0, space)) - Number(nowMs);
    if (note !== null && Number.isFinite(remainingMs)) notes.set(field, { note, remainingMs });
  }
  return { version, notes };
}

function toNote(value: unknown): BreakerNote | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, by, state, reason, opensInRow } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof by !== 'string' || typeof reason !== 'string') return null;
  if ((state !== 'open' && state !== 'closed') || typeof opensInRow !== 'number') return null;
  return { id, by, state, reason, opensInRow };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
