import type { ProviderConfig } from '@gatewayz/config';
import {
  providerCounts,
  type TimedRow,
  UPTIME_WINDOW_MS,
  UPTIME_WINDOWS,
  type Uptime,
  type UptimeCounts,
  type UptimeWindow,
  uptimeBuckets,
  uptimeRatio,
} from '../core/uptime.ts';
import type { HealthStore, TargetTotals } from '../store/health-store.ts';

/** Windows that are shown as bars. */
export type BarWindow = '5m' | '1h' | '24h' | '7d' | '30d';

/** The length of one bar. */
const BAR_MS: Readonly<Record<BarWindow, number>> = {
  '5m': 60_000,
  '1h': 60_000,
  '24h': 3_600_000,
  '7d': 6 * 3_600_000,
  '30d': 86_400_000,
};

/** Sums over many rows are asked for at most so often. */
const KEPT_MS = 10_000;
const HOUR_MS = 3_600_000;

type Answer = Readonly<Record<string, unknown>>;

/** Reads uptime from the stored rows. Every method rejects with a `SqlError`. */
export class UptimeReader {
  readonly #store: HealthStore;
  readonly #providers: readonly ProviderConfig[];
  readonly #now: () => number;
  #summary: { readonly atMs: number; readonly answer: Promise<Answer> } | null = null;

  constructor(store: HealthStore, providers: readonly ProviderConfig[], now: () => number = Date.now) {
    this.#store = store;
    this.#providers = providers;
    this.#now = now;
  }

  /** Every provider's and gateway's uptime over every window. */
  summary(): Promise<Answer> {
    const nowMs = this.#now();
    if (this.#summary !== null && Math.abs(nowMs - this.#summary.atMs) < KEPT_MS) return this.#summary.answer;
    const answer = this.#sumUp(nowMs);
    this.#summary = { atMs: nowMs, answer };
    answer.catch(() => {
      this.#summary = null;
    });
    return answer;
  }

  /** The bars of providers, with the uptime of the window as a whole. */
  async providers(window: BarWindow, isWanted: (provider: ProviderConfig) => boolean): Promise<Answer> {
    const range = this.#range(window);
    const wanted = this.#providers.filter(isWanted);
    const items = await Promise.all(
      wanted.map(async ({ name, resells }) => {
        const rows = await this.#rows(range, { providerName: name, modelName: '' });
        return { provider: name, is_gateway: resells, ...toBars(rows, range) };
      }),
    );
    return this.#answer(window, range, { providers: items });
  }

  /** The bars of one provider's models. */
  async models(window: BarWindow, provider: string, model?: string): Promise<Answer> {
    const range = this.#range(window);
    const filter = { providerName: provider, ...(model === undefined ? {} : { modelName: model }) };
    const byModel = new Map<string, OwnedRow[]>();
    for (const row of await this.#rows(range, filter)) {
      if (row.modelName === '') continue;
      const rows = byModel.get(row.modelName);
      if (rows === undefined) byModel.set(row.modelName, [row]);
      else rows.push(row);
    }
    const models = [...byModel].map(([name, rows]) => ({ provider, model: name, ...toBars(rows, range) }));
    return this.#answer(window, range, { models });
  }

  async #sumUp(nowMs: number): Promise<Answer> {
    const byWindow = await Promise.all(
      UPTIME_WINDOWS.map(async (window) => [window, await this.#totals(window, nowMs)] as const),
    );
    const all = this.#providers.map(({ name, resells }) => {
      const entries = byWindow.map(([window, totals]) => [window, ratioOf(name, totals)] as const);
      return { provider: name, is_gateway: resells, uptime: Object.fromEntries(entries) as Uptime };
    });
    return {
      timestamp: new Date(nowMs).toISOString(),
      providers: all,
      gateways: all.filter(({ is_gateway }) => is_gateway),
    };
  }

  #totals(window: UptimeWindow, nowMs: number): Promise<readonly TargetTotals[]> {
    const fromMs = nowMs - UPTIME_WINDOW_MS[window];
    const isShort = window === '5m' || window === '1h';
    return this.#store.totals(isShort ? 'minutes' : 'hours', fromMs, nowMs + 1);
  }

  #range(window: BarWindow): Range {
    const barMs = BAR_MS[window];
    const toMs = Math.floor(this.#now() / barMs) * barMs + barMs;
    return { fromMs: toMs - UPTIME_WINDOW_MS[window], toMs, barMs };
  }

  async #rows(
    { fromMs, toMs, barMs }: Range,
    filter: { readonly providerName: string; readonly modelName?: string },
  ): Promise<readonly OwnedRow[]> {
    if (barMs < HOUR_MS) {
      const minutes = await this.#store.minuteRows(fromMs, toMs, filter);
      return minutes.map((row) => ({ ...row, startMs: row.minuteEpochMs }));
    }
    const hours = await this.#store.hourRows(fromMs, toMs, filter);
    return hours.map((row) => ({ ...row, startMs: row.hourEpochMs }));
  }

  #answer(window: BarWindow, { barMs }: Range, items: Answer): Answer {
    return { timestamp: new Date(this.#now()).toISOString(), window, bucket_seconds: barMs / 1000, ...items };
  }
}

type Range = { readonly fromMs: number; readonly toMs: number; readonly barMs: number };
type OwnedRow = TimedRow & { readonly modelName: string };

function toBars(rows: readonly TimedRow[], { fromMs, toMs, barMs }: Range): Answer {
  const sum = rows.reduce<UptimeCounts>(plus, { upMs: 0, downMs: 0, ok: 0, failed: 0 });
  return {
    uptime: uptimeRatio(sum),
    buckets: uptimeBuckets(rows, fromMs, toMs, barMs).map((bucket) => ({
      from: new Date(bucket.fromMs).toISOString(),
      uptime: bucket.uptime,
    })),
  };
}

function plus(a: UptimeCounts, b: UptimeCounts): UptimeCounts {
  return {
    upMs: a.upMs + b.upMs,
    downMs: a.downMs + b.downMs,
    ok: a.ok + b.ok,
    failed: a.failed + b.failed,
  };
}

function ratioOf(provider: string, totals: readonly TargetTotals[]): number | null {
  const rows = totals.filter(({ providerName }) => providerName === provider);
  const own = rows.find(({ modelName }) => modelName === '') ?? { upMs: 0, downMs: 0, ok: 0, failed: 0 };
  return uptimeRatio(
    providerCounts(
      own,
      rows.filter(({ modelName }) => modelName !== ''),
    ),
  );
}
