import type { Outcome } from '@gatewayz/provider-health';
import type { IncidentChange } from '../incident-change.ts';
import { DEFAULT_INCIDENT_SETTINGS } from '../incident-settings.ts';
import { IncidentBook } from '../incidents.ts';
import { isProviderKey, providerKey } from '../target-key.ts';
import type { Incident, ProbeResult, TargetKey } from '../types.ts';
import { VerdictBook } from '../verdict.ts';
import { DEFAULT_VERDICT_SETTINGS } from '../verdict-settings.ts';

export const MINUTE_MS = 60_000;
export const PROVIDER: TargetKey = providerKey('p');
export const model = (name: string): TargetKey => ({ provider: 'p', model: name });

/** Verdicts and incidents of one provider, and a store that holds what is to be stored. */
export class Watched {
  readonly store: Map<string, Incident>;
  readonly kinds: string[] = [];
  readonly verdicts: VerdictBook = new VerdictBook(DEFAULT_VERDICT_SETTINGS);
  readonly book: IncidentBook;
  readonly keys: readonly TargetKey[];
  nowMs: number;
  #isListFailing = false;

  constructor(models: number, stored: ReadonlyMap<string, Incident> = new Map(), nowMs: number = MINUTE_MS) {
    this.nowMs = nowMs;
    this.store = new Map(stored);
    this.keys = [PROVIDER, ...Array.from({ length: models }, (_, index) => model(`m${index}`))];
    for (const key of this.keys) this.verdicts.track(key, 0);
    this.book = new IncidentBook({
      settings: DEFAULT_INCIDENT_SETTINGS,
      modelsTracked: () => models,
      isGateway: () => false,
      stored: [...stored.values()],
    });
    for (const incident of this.book.active()) {
      for (const key of this.keys)
        if (incident.models.includes(key.model)) this.verdicts.restore(incident, key);
      if (incident.providerIsDown === true) this.verdicts.restore(incident, PROVIDER);
    }
  }

  /** After a model's failure its provider is asked too, as long as that was not told to fail. */
  tell(key: TargetKey, outcome: Outcome, detail = ''): void {
    this.tellAlone(key, outcome, detail);
    if (isProviderKey(key)) this.#isListFailing = outcome !== 'success';
    else if (outcome !== 'success' && !this.#isListFailing) this.#take(PROVIDER, 'success', '');
  }

  tellAlone(key: TargetKey, outcome: Outcome, detail = ''): void {
    this.nowMs += 1000;
    this.#take(key, outcome, detail);
  }

  #take(key: TargetKey, outcome: Outcome, detail: string): void {
    const kind = isProviderKey(key) ? 'models' : 'completion';
    const result: ProbeResult = { key, kind, outcome, latencyMs: 10, atEpochMs: this.nowMs, detail };
    const changes = this.verdicts.observe(result);
    const verdict = this.verdicts.get(key);
    if (verdict !== null) this.keep(this.book.observe(result, verdict, changes));
  }

  tellTimes(times: number, key: TargetKey, outcome: Outcome): void {
    for (let index = 0; index < times; index++) this.tell(key, outcome);
  }

  /** Lets as much time pass as an opening waits at most. */
  wait(): void {
    this.nowMs += DEFAULT_INCIDENT_SETTINGS.holdMs;
    this.keep(this.book.refresh(this.nowMs));
  }

  keep(changes: readonly IncidentChange[]): void {
    for (const { kind, incident } of changes) {
      this.kinds.push(kind);
      this.store.set(incident.id, incident);
    }
  }

  stored(): Incident[] {
    return [...this.store.values()].filter((incident) => incident.absorbedInto === null);
  }

  only(): Incident {
    const [incident, ...others] = this.stored();
    if (incident === undefined || others.length > 0)
      throw new Error(`${others.length + 1} incidents, not one`);
    return incident;
  }
}
