import { requireInteger } from './require-option.ts';

const DAY_MS = 86_400_000;
/** Days kept in memory; a clock that has run further ahead than this finds the older ones spent. */
const DAYS_KEPT = 32;

/** Whole tokens and whole millionths of a US dollar. */
export type ProbeCost = {
  readonly tokens: number;
  readonly microUsd: number;
};

/** What a provider's probes may use in one UTC day. Zero forbids every probe that costs anything. */
export type DailyLimit = {
  readonly tokensPerDay: number;
  readonly microUsdPerDay: number;
};

export type BudgetSettings = {
  readonly perProvider: DailyLimit;
  readonly overrides?: Readonly<Record<string, DailyLimit>>;
  /** What is reserved for a probe, of which less is no use; default 1. */
  readonly tokensPerProbe?: number;
};

/** A day of a provider as it is stored; `day` is `2026-01-31`, in UTC. */
export type SpentDay = ProbeCost & { readonly provider: string; readonly day: string };

/** Room held for one probe until it is settled. */
export type Reservation = {
  readonly provider: string;
  readonly day: string;
  readonly cost: ProbeCost;
};

type Ledger = { spent: ProbeCost; reserved: ProbeCost };

const NOTHING: ProbeCost = { tokens: 0, microUsd: 0 };

/**
 * What probes may still cost, by provider and UTC day: reserve before a probe, settle after it.
 *
 * Each day is kept by its date, so a clock that jumps back finds what that day has already spent, and one that
 * jumps forward and back again gives no day twice.
 */
export class ProbeBudget {
  readonly #settings: BudgetSettings;
  readonly #days = new Map<number, Map<string, Ledger>>();
  readonly #pending = new Set<Reservation>();
  #firstDay = 0;

  /** @throws RangeError for a limit that is not a whole number of at least 0 */
  constructor(settings: BudgetSettings, stored: Iterable<SpentDay> = []) {
    const limits = { perProvider: settings.perProvider, ...settings.overrides };
    for (const [name, limit] of Object.entries(limits)) {
      requireInteger(`${name}.tokensPerDay`, limit.tokensPerDay, 0);
      requireInteger(`${name}.microUsdPerDay`, limit.microUsdPerDay, 0);
    }
    this.#settings = settings;
    for (const day of stored) this.restore(day);
  }

  /** Takes over a day's sum as stored; what is known already stays if it is more. */
  restore(stored: SpentDay): void {
    const day = dayNumber(stored.day);
    const ledger = day === null ? null : this.#ledger(stored.provider, day);
    if (ledger === null) return;
    ledger.spent = {
      tokens: Math.max(ledger.spent.tokens, wholeCount(stored.tokens)),
      microUsd: Math.max(ledger.spent.microUsd, wholeCount(stored.microUsd)),
    };
  }

  /** Holds room for a probe's highest cost, or null where the day has too little left. */
  reserve(provider: string, cost: ProbeCost, epochMs: number): Reservation | null {
    const day = Math.floor(epochMs / DAY_MS);
    const ledger = this.#ledger(provider, day);
    const asked: ProbeCost = { tokens: wholeCount(cost.tokens), microUsd: wholeCount(cost.microUsd) };
    if (ledger === null || !fits(this.limitOf(provider), plus(ledger.spent, ledger.reserved), asked)) {
      return null;
    }
    ledger.reserved = plus(ledger.reserved, asked);
    const reservation: Reservation = { provider, day: dateOf(day), cost: asked };
    this.#pending.add(reservation);
    return reservation;
  }

  /**
   * Replaces a reservation by the real cost, on the day it was made, and gives that day's sum. A second call with
   * the same one changes nothing. The real cost may go beyond the limit: it has been spent.
   */
  settle(reservation: Reservation, actual: ProbeCost): SpentDay {
    const { provider, day } = reservation;
    const ledger = this.#ledger(provider, dayNumber(day) ?? -1);
    const isFirst = this.#pending.delete(reservation);
    if (ledger !== null && isFirst) {
      ledger.reserved = minus(ledger.reserved, reservation.cost);
      ledger.spent = plus(ledger.spent, {
        tokens: wholeCount(actual.tokens),
        microUsd: wholeCount(actual.microUsd),
      });
    }
    return { provider, day, ...(ledger?.spent ?? NOTHING) };
  }

  /** Gives a reservation back: the probe was never sent. */
  release(reservation: Reservation): void {
    this.settle(reservation, NOTHING);
  }

  /** What has been settled on this day. */
  spent(provider: string, epochMs: number): ProbeCost {
    return this.#known(provider, epochMs)?.spent ?? NOTHING;
  }

  /** True where what is settled leaves no room for a probe, or no money although the provider's probes cost some. */
  isSpent(provider: string, epochMs: number): boolean {
    if (Math.floor(epochMs / DAY_MS) < this.#firstDay) return true;
    const { tokens, microUsd } = this.spent(provider, epochMs);
    const { tokensPerDay, microUsdPerDay } = this.limitOf(provider);
    if (tokens + (this.#settings.tokensPerProbe ?? 1) > tokensPerDay) return true;
    return microUsd > 0 && microUsd >= microUsdPerDay;
  }

  /** Whether {@link reserve} would hold this cost now. */
  canAfford(provider: string, cost: ProbeCost, epochMs: number): boolean {
    if (Math.floor(epochMs / DAY_MS) < this.#firstDay) return false;
    const ledger = this.#known(provider, epochMs);
    const used = ledger === undefined ? NOTHING : plus(ledger.spent, ledger.reserved);
    return fits(this.limitOf(provider), used, cost);
  }

  limitOf(provider: string): DailyLimit {
    const { overrides, perProvider } = this.#settings;
    const own =
      overrides !== undefined && Object.hasOwn(overrides, provider) ? overrides[provider] : undefined;
    return own ?? perProvider;
  }

  #known(provider: string, epochMs: number): Ledger | undefined {
    return this.#days.get(Math.floor(epochMs / DAY_MS))?.get(provider);
  }

  /** Null for a day before those that are kept: it counts as spent. */
  #ledger(provider: string, day: number): Ledger | null {
    if (day < this.#firstDay) return null;
    let byProvider = this.#days.get(day);
    if (byProvider === undefined) {
      byProvider = new Map();
      this.#days.set(day, byProvider);
      this.#dropOldest();
    }
    if (day < this.#firstDay) return null;
    let ledger = byProvider.get(provider);
    if (ledger === undefined) {
      ledger = { spent: NOTHING, reserved: NOTHING };
      byProvider.set(provider, ledger);
    }
    return ledger;
  }

  #dropOldest(): void {
    if (this.#days.size <= DAYS_KEPT) return;
    const oldest = Math.min(...this.#days.keys());
    this.#days.delete(oldest);
    this.#firstDay = oldest + 1;
    const firstDate = dateOf(this.#firstDay);
    for (const reservation of this.#pending)
      if (reservation.day < firstDate) this.#pending.delete(reservation);
  }
}

/** The UTC day that budgets of this moment belong to, as `2026-01-31`. */
export function budgetDay(epochMs: number): string {
  return dateOf(Math.floor(epochMs / DAY_MS));
}

/**
 * The price of a number of tokens in whole millionths of a US dollar, rounded up so that nothing is ever free.
 *
 * @param usdPerMillion price of a million tokens; a dollar per million tokens is a millionth per token
 */
export function toMicroUsd(tokens: number, usdPerMillion: number): number {
  // Products such as 3 × 0.1 lie a rounding error above the true price; that must not cost a unit more.
  return wholeCount(tokens * usdPerMillion - 1e-9);
}

function fits(limit: DailyLimit, used: ProbeCost, cost: ProbeCost): boolean {
  const after = plus(used, cost);
  return after.tokens <= limit.tokensPerDay && after.microUsd <= limit.microUsdPerDay;
}

function wholeCount(value: number): number {
  if (Number.isNaN(value) || value <= 0) return 0;
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}

function plus(a: ProbeCost, b: ProbeCost): ProbeCost {
  return {
    tokens: Math.min(a.tokens + b.tokens, Number.MAX_SAFE_INTEGER),
    microUsd: Math.min(a.microUsd + b.microUsd, Number.MAX_SAFE_INTEGER),
  };
}

function minus(a: ProbeCost, b: ProbeCost): ProbeCost {
  return { tokens: Math.max(0, a.tokens - b.tokens), microUsd: Math.max(0, a.microUsd - b.microUsd) };
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function dayNumber(date: string): number | null {
  const epochMs = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(epochMs) ? null : Math.floor(epochMs / DAY_MS);
}
