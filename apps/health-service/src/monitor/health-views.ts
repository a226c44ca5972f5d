import type { ProviderConfig } from '@gatewayz/config';
import { effectiveState, type HealthTotals, healthTotals, providerState } from '../core/distribution.ts';
import { budgetDay, type ProbeBudget } from '../core/probe-budget.ts';
import { providerKey } from '../core/target-key.ts';
import type { Incident, Verdict } from '../core/types.ts';
import type { HealthBook } from './health-book.ts';
import type { Watchlist } from './watchlist.ts';

/** One model at a provider, as clients see it. */
export interface ModelView {
  readonly model: string;
  readonly provider: string;
  readonly status: string;
  readonly cause: string | null;
  readonly tier: string;
  readonly since: string | null;
  readonly last_checked: string | null;
  readonly last_outcome: string | null;
  readonly consecutive_failures: number;
}

/** One provider as a whole, as clients see it. */
export interface ProviderView {
  readonly provider: string;
  readonly is_gateway: boolean;
  readonly status: string;
  readonly cause: string | null;
  readonly since: string | null;
  readonly last_checked: string | null;
  readonly last_outcome: string | null;
  readonly consecutive_failures: number;
  readonly models_tracked: number;
  readonly models_down: number;
  readonly probe_budget: {
    readonly day: string;
    readonly tokens_spent: number;
    readonly usd_spent: number;
    readonly is_spent: boolean;
  };
}

/** How many affected models an incident names; the count has them all. */
const AFFECTED_SHOWN = 500;

/** What of the monitor's knowledge goes out, in the words of the API. */
export class HealthViews {
  readonly #providers: readonly ProviderConfig[];
  readonly #book: HealthBook;
  readonly #watchlist: Watchlist;
  readonly #budget: ProbeBudget;

  constructor(
    providers: readonly ProviderConfig[],
    book: HealthBook,
    watchlist: Watchlist,
    budget: ProbeBudget,
  ) {
    this.#providers = providers;
    this.#book = book;
    this.#watchlist = watchlist;
    this.#budget = budget;
  }

  totals(): HealthTotals {
    return healthTotals({
      knownModels: [...this.#watchlist.modelKeys()].length,
      providers: this.#providers.map(({ name }) => name),
      gateways: new Set(this.#providers.filter(({ resells }) => resells).map(({ name }) => name)),
      verdicts: this.#book.verdicts.all(),
      incidents: this.#book.incidents.active(),
      verdictOf: (key) => this.#book.verdictOf(key),
    });
  }

  /** How many targets have evidence, and so are in the snapshots with a word of their own. */
  knownTargets(): number {
    let known = 0;
    for (const verdict of this.#book.verdicts.all()) if (verdict.lastEvidenceAtMs !== null) known += 1;
    return known;
  }

  models(): ModelView[] {
    return this.#providers.flatMap(({ name }) => {
      const whole = this.#book.verdictOf(providerKey(name));
      return [...this.#watchlist.models(name)].map((model) => this.#modelView(name, model, whole));
    });
  }

  providers(nowEpochMs: number): ProviderView[] {
    return this.#providers.map(({ name, resells }) => this.#providerView(name, resells, nowEpochMs));
  }

  /** An incident in the words of the API; one of a provider that is down affects all of its models. */
  incident(incident: Incident): Readonly<Record<string, unknown>> {
    const { provider, models, providerIsDown } = incident;
    const affected =
      providerIsDown === true
        ? [...new Set([...models, ...this.#watchlist.models(provider)])].sort()
        : models;
    return {
      id: incident.id,
      scope: incident.scope,
      provider,
      type: incident.type,
      severity: incident.severity,
      status: incident.status,
      opened_at: toTime(incident.openedAtMs),
      updated_at: toTime(incident.updatedAtMs),
      acknowledged_at: toTime(incident.acknowledgedAtMs),
      acknowledged_by: incident.acknowledgedBy,
      resolved_at: toTime(incident.resolvedAtMs),
      absorbed_into: incident.absorbedInto,
      consecutive_failures: incident.consecutiveFailures,
      affected_models: affected.slice(0, AFFECTED_SHOWN),
      affected_models_count: affected.length,
      evidence: incident.evidence.map(({ atMs, outcome, detail, requestId }) => ({
        at: toTime(atMs),
        outcome,
        detail,
        request_id: requestId,
      })),
    };
  }

  #modelView(provider: string, model: string, whole: Verdict | null): ModelView {
    const key = { provider, model };
    const verdict = this.#book.verdictOf(key);
    const status = verdict === null ? 'unknown' : effectiveState(verdict, whole);
    return { model, provider, status, tier: this.#watchlist.tierOf(key), ...commonView(verdict) };
  }

  #providerView(provider: string, isGateway: boolean, nowEpochMs: number): ProviderView {
    const own = this.#book.verdictOf(providerKey(provider));
    const models = [...this.#watchlist.models(provider)]
      .map((model) => this.#book.verdictOf({ provider, model }))
      .filter((verdict) => verdict !== null);
    const { tokens, microUsd } = this.#budget.spent(provider, nowEpochMs);
    return {
      provider,
      is_gateway: isGateway,
      status: providerState(own, models),
      ...commonView(own),
      models_tracked: models.length,
      models_down: models.filter((model) => effectiveState(model, own) === 'down').length,
      probe_budget: {
        day: budgetDay(nowEpochMs),
        tokens_spent: tokens,
        usd_spent: microUsd / 1_000_000,
        is_spent: this.#budget.isSpent(provider, nowEpochMs),
      },
    };
  }
}

type CommonView = Pick<
  ModelView,
  'cause' | 'since' | 'last_checked' | 'last_outcome' | 'consecutive_failures'
>;

function commonView(verdict: Verdict | null): CommonView {
  return {
    cause: verdict?.cause ?? null,
    since: toTime(verdict?.sinceMs ?? null),
    last_checked: toTime(verdict?.lastEvidenceAtMs ?? null),
    last_outcome: verdict?.lastOutcome ?? null,
    consecutive_failures: verdict?.consecutiveFailures ?? 0,
  };
}

function toTime(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}
