import { EarlyEvidence } from './early-evidence.ts';
import { type HeldOpening, HeldOpenings } from './held-openings.ts';
import { familyOf, type IncidentCase, type IncidentFamily, toEvidence, typeOf } from './incident-case.ts';
import { changeFrom, type IncidentChange } from './incident-change.ts';
import type { IncidentClaim } from './incident-claims.ts';
import { checkIncidentSettings, type IncidentSettings } from './incident-settings.ts';
import { OpenCases } from './open-cases.ts';
import { isProviderKey, providerKey, targetId } from './target-key.ts';
import type { Incident, ProbeResult, TargetKey, Verdict, VerdictChange } from './types.ts';

export type IncidentBookOptions = {
  readonly settings: IncidentSettings;
  /** How many models of a provider are tracked. */
  readonly modelsTracked: (provider: string) => number;
  readonly isGateway: (provider: string) => boolean;
  /** Stored incidents: the active ones, and those that ended within the time to reopen. */
  readonly stored?: readonly Incident[];
};

/**
 * Opens, widens, escalates and ends incidents from verdicts and results, one for each cause.
 *
 * A target has at most one active incident. Models of a provider in the same trouble, or the provider itself, make
 * one provider-wide incident, which absorbs the models' own. Whether a model's trouble is its provider's is asked
 * before its incident opens: it waits for a word of the provider. `unknown` and `maintenance` prove no end.
 */
export class IncidentBook {
  readonly #settings: IncidentSettings;
  readonly #isGateway: (provider: string) => boolean;
  readonly #cases: OpenCases;
  readonly #early = new EarlyEvidence();
  readonly #held = new HeldOpenings();

  /** @throws RangeError that names the bad setting */
  constructor({ settings, modelsTracked, isGateway, stored = [] }: IncidentBookOptions) {
    checkIncidentSettings(settings);
    this.#settings = settings;
    this.#isGateway = isGateway;
    this.#cases = new OpenCases(settings, modelsTracked);
    for (const incident of stored) this.#cases.restore(incident);
  }

  /** The active incidents, in no order. */
  active(): Incident[] {
    return this.#cases.all().map((one) => one.incident);
  }

  /** The active incident of this id. */
  get(id: string): Incident | null {
    return this.#cases.byId(id)?.incident ?? null;
  }

  /**
   * Takes in a result with what the verdicts made of it.
   *
   * @param verdict the verdict of the result's target, after the result
   */
  observe(result: ProbeResult, verdict: Verdict, changes: readonly VerdictChange[]): IncidentChange[] {
    const made = verdict.state === 'maintenance' ? [] : this.#addResult(result, verdict);
    for (const change of changes) made.push(...this.apply(change));
    return made;
  }

  /** Takes in a change of verdict that no result has caused. */
  apply({ key, verdict, atMs }: VerdictChange): IncidentChange[] {
    if (verdict.state === 'maintenance') this.#held.delete(key);
    if (verdict.state === 'unknown' || verdict.state === 'maintenance') return [];
    const family = this.#familyIn(verdict);
    const now = this.#cases.at(key);
    if ((now ?? this.#held.get(key))?.family === family) return [];
    this.#held.delete(key);
    const left = now === undefined ? [] : this.#leave(now, key, atMs);
    return family === null ? left : [...left, ...this.#join(key, family, verdict, atMs)];
  }

  /** Opens what has waited for its provider's word for too long. To be called every few seconds. */
  refresh(nowMs: number): IncidentChange[] {
    return this.#openEach(this.#held.takeSince(nowMs - this.#settings.holdMs));
  }

  /** Marks an open incident as seen by someone; null where no such one is open. */
  acknowledge(id: string, by: string, atMs: number): IncidentChange | null {
    const one = this.#cases.byId(id);
    if (one?.incident.status !== 'open') return null;
    return { kind: 'acknowledged', incident: this.#cases.acknowledge(one, by, atMs) };
  }

  /**
   * Hears what another replica has open. Of two ids for one incident all replicas keep the lesser one; what was
   * stored under the other is absorbed into it.
   */
  hear(claim: IncidentClaim, atMs: number): IncidentChange[] {
    const renamed = this.#cases.adopt(claim, atMs);
    if (renamed === null) return [];
    return [
      { kind: 'absorbed', incident: renamed.before },
      { kind: 'updated', incident: renamed.now },
    ];
  }

  /**
   * Brings restored incidents in line with what is tracked now, and with each other: targets that have gone are hit
   * no more, and a provider-wide incident absorbs those of its models. To be called after a start and a reload.
   */
  reconcile(isTracked: (key: TargetKey) => boolean, atMs: number): IncidentChange[] {
    const made: IncidentChange[] = [];
    for (const wide of this.#cases.wide()) {
      const models = this.#cases.ofCause(wide.incident.provider, wide.family, wide.incident.openedAtMs);
      if (models.length === 0) continue;
      for (const one of models)
        made.push({ kind: 'absorbed', incident: this.#cases.absorb(wide, one, atMs) });
      made.push({ kind: 'updated', incident: wide.incident });
    }
    for (const one of this.#cases.all()) {
      const gone = [...one.hit.values()].filter((key) => !isTracked(key));
      made.push(...gone.flatMap((key) => this.#leave(one, key, atMs)));
      if (gone.length === 0 && one.hit.size === 0) {
        made.push({ kind: 'resolved', incident: this.#cases.resolve(one, atMs) });
      }
    }
    return made;
  }

  /** Drops a target that is tracked no more; its incident ends where nothing else is hit. */
  forget(key: TargetKey, atMs: number): IncidentChange[] {
    this.#early.delete(key);
    this.#held.delete(key);
    const one = this.#cases.at(key);
    return one === undefined ? [] : this.#leave(one, key, atMs);
  }

  #addResult(result: ProbeResult, verdict: Verdict): IncidentChange[] {
    const made = this.#openEach(this.#held.takeOnOwn(result));
    const family = familyOf(result.outcome);
    if (family === null) {
      if (result.outcome === 'success') this.#early.delete(result.key);
      return made;
    }
    const one = this.#cases.at(result.key);
    if (one?.family !== family) {
      this.#early.add(result);
      const held = this.#held.get(result.key);
      if (held !== undefined) held.failures = Math.max(held.failures, verdict.consecutiveFailures);
      return made;
    }
    const before = one.incident;
    this.#cases.worsen(one, verdict.consecutiveFailures, [toEvidence(result)], result.atEpochMs);
    return [...made, changeFrom(before, one.incident), ...this.#splitIfThin(one, result.atEpochMs)];
  }

  #openEach(opened: readonly HeldOpening[]): IncidentChange[] {
    return opened.map(({ key, family, type, failures, atMs }) => {
      const { one, kind } = this.#cases.open({ scope: 'model', key, family, type }, atMs);
      this.#hit(one, key, failures, atMs);
      return { kind, incident: one.incident };
    });
  }

  #familyIn(verdict: Verdict): IncidentFamily | null {
    if (verdict.state === 'down') return 'failure';
    const { cause } = verdict;
    const isRefusal = cause === 'rate_limited' || cause === 'credentials';
    return isRefusal && this.#settings.refusals.includes(cause) ? cause : null;
  }

  #join(key: TargetKey, family: IncidentFamily, verdict: Verdict, atMs: number): IncidentChange[] {
    const { provider } = key;
    const wide = this.#cases.wideAt(provider, family);
    if (wide !== undefined) {
      const before = wide.incident;
      this.#hit(wide, key, verdict.consecutiveFailures, atMs);
      return [changeFrom(before, wide.incident)];
    }
    if (isProviderKey(key)) {
      return this.#widen(key, family, verdict, this.#cases.ofCause(provider, family, atMs), atMs);
    }
    const { consecutiveFailures: failures } = verdict;
    this.#held.add({ key, family, type: typeOf(family, verdict), atMs, failures });
    const models = this.#cases.ofModels(provider, family);
    const hits = models.length + this.#held.count(provider, family);
    if (this.#cases.isWide(provider, hits)) return this.#widen(key, family, verdict, models, atMs);
    return this.#isRemainder(key, family, atMs) ? this.#widen(key, family, verdict, [], atMs) : [];
  }

  /** True for a model that began to fail before a provider-wide incident, which has ended lately, was over. */
  #isRemainder(key: TargetKey, family: IncidentFamily, atMs: number): boolean {
    const endedAtMs = this.#cases.lastWide(key.provider, family, atMs)?.resolvedAtMs ?? null;
    const sinceMs = this.#early.sinceMs(key, family);
    return endedAtMs !== null && sinceMs !== null && sinceMs <= endedAtMs;
  }

  /** One incident for the whole provider: of its models that wait for it, and in place of these models' own. */
  #widen(
    key: TargetKey,
    family: IncidentFamily,
    verdict: Verdict,
    models: readonly IncidentCase[],
    atMs: number,
  ): IncidentChange[] {
    const { provider } = key;
    const scope = this.#isGateway(provider) ? 'gateway' : 'provider';
    const type = typeOf(family, verdict);
    const waiting = this.#held.takeAlike(provider, family);
    // Not when the last of them was heard of, which is another one at each replica.
    const beganAtMs = Math.min(
      atMs,
      ...waiting.map((held) => held.atMs),
      ...models.map(({ incident }) => incident.openedAtMs),
    );
    const { one, kind } = this.#cases.open({ scope, key: providerKey(provider), family, type }, beganAtMs);
    const absorbed = models.map((model) => this.#cases.absorb(one, model, atMs));
    for (const held of waiting) this.#hit(one, held.key, held.failures, atMs);
    if (isProviderKey(key)) this.#hit(one, key, verdict.consecutiveFailures, atMs);
    return [
      { kind, incident: one.incident },
      ...absorbed.map((incident): IncidentChange => ({ kind: 'absorbed', incident })),
    ];
  }

  #hit(one: IncidentCase, key: TargetKey, failures: number, atMs: number): void {
    this.#cases.hit(one, key);
    this.#cases.worsen(one, failures, this.#early.take(key), atMs);
  }

  #leave(one: IncidentCase, key: TargetKey, atMs: number): IncidentChange[] {
    const hasChanged = this.#cases.leave(one, key, atMs);
    if (one.hit.size === 0) return [{ kind: 'resolved', incident: this.#cases.resolve(one, atMs) }];
    return hasChanged ? [{ kind: 'updated', incident: one.incident }] : [];
  }

  /** A few models that stay down long after their provider has come back are no longer a matter of the provider. */
  #splitIfThin(one: IncidentCase, atMs: number): IncidentChange[] {
    const { provider, scope } = one.incident;
    if (scope === 'model') return [];
    if (one.hit.has(targetId(providerKey(provider))) || this.#cases.isWide(provider, one.hit.size)) {
      one.thinSinceMs = null;
      return [];
    }
    one.thinSinceMs ??= atMs;
    if (atMs - one.thinSinceMs < this.#settings.splitAfterMs) return [];
    const left = [...one.hit.values()];
    const { family } = one;
    const { type, consecutiveFailures: failures } = one.incident;
    return [
      { kind: 'resolved', incident: this.#cases.resolve(one, atMs) },
      ...this.#openEach(left.map((key) => ({ key, family, type, failures, atMs }))),
    ];
  }
}
