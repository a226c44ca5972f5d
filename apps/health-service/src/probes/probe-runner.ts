import type { Lease, ScheduleLock } from '../cache/schedule-lock.ts';
import type { ConnectivityWatch } from '../core/connectivity.ts';
import { evidenceOf } from '../core/evidence-of.ts';
import { isProviderKey, providerKey, targetId } from '../core/target-key.ts';
import type { ProbeResult, TargetKey } from '../core/types.ts';
import type { HealthBook } from '../monitor/health-book.ts';
import type { ReplicaFeed } from '../monitor/replica-feed.ts';
import type { Watchlist } from '../monitor/watchlist.ts';
import type { ConnectivityCheck } from './connectivity-check.ts';
import { createProbeGate, type ProbeGate, type ProbeGateLimits } from './probe-gate.ts';
import type { TargetProbe, TargetProber } from './probe-target.ts';
import type { ProbedProvider } from './probed-provider.ts';

/** How often it is looked whether something is due. */
const TICK_MS = 100;
/** The lock of a target outlives its probe by this, should the replica die. */
const LOCK_GRACE_MS = 5000;

export interface ProbeRunnerOptions {
  readonly providers: readonly ProbedProvider[];
  readonly watchlist: Watchlist;
  readonly book: HealthBook;
  readonly prober: TargetProber;
  readonly lock: ScheduleLock;
  readonly feed: ReplicaFeed;
  readonly connectivity: ConnectivityWatch;
  readonly check: ConnectivityCheck;
  readonly timeoutMs: number;
  /** Probes under way at once, over all providers. */
  readonly concurrency: number;
  readonly perProvider: ProbeGateLimits;
  readonly onProbe: (result: ProbeResult) => void;
  /** Hears of what must not happen. */
  readonly onUnexpected: (error: unknown, key: TargetKey) => void;
}

/** Probes what is due, within all bounds, and hands every result on. */
export class ProbeRunner {
  readonly #options: ProbeRunnerOptions;
  readonly #providers: ReadonlyMap<string, { readonly provider: ProbedProvider; readonly gate: ProbeGate }>;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** What this replica holds at the moment; a result that is heard of it takes it out. */
  readonly #inHand = new Set<string>();
  readonly #waitingForList = new Map<string, Map<string, TargetKey>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ProbeRunnerOptions) {
    this.#options = options;
    this.#providers = new Map(
      options.providers.map((provider) => [
        provider.name,
        { provider, gate: createProbeGate(options.perProvider) },
      ]),
    );
  }

  get isRunning(): boolean {
    return this.#timer !== null;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends every probe under way; after it none is. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stop.abort();
    await Promise.all(this.#underWay);
  }

  /** Takes over what another replica has found out. */
  hear(result: ProbeResult, models: readonly string[] | null): void {
    const { book, watchlist } = this.#options;
    if (!watchlist.has(result.key) || !book.hear(result)) return;
    this.#inHand.delete(targetId(result.key));
    this.#noteCheck(result, models);
    watchlist.schedule.done(result.key, performance.now(), book.paceOf(result.key));
  }

  #tick(): void {
    const nowMs = performance.now();
    const { watchlist, concurrency } = this.#options;
    const canTake = (provider: string): boolean => this.#providers.get(provider)?.gate.enter(nowMs) ?? false;
    for (const key of watchlist.schedule.due(nowMs, concurrency - this.#underWay.size, canTake)) {
      const run = this.#run(key).finally(() => this.#underWay.delete(run));
      this.#underWay.add(run);
    }
  }

  async #run(key: TargetKey): Promise<void> {
    const entry = this.#providers.get(key.provider);
    if (entry === undefined) return;
    const id = targetId(key);
    let lease: Lease | null = null;
    try {
      this.#inHand.add(id);
      const { lock, feed, timeoutMs } = this.#options;
      lease = await lock.tryLock(`probe:${id}`, timeoutMs + LOCK_GRACE_MS);
      // Its result will be heard; should the other replica die, the target is due again when its lease ends.
      if (lease === null) return;
      if (lease.scope === 'shared') await feed.hear();
      if (!this.#inHand.has(id) || this.#stop.signal.aborted) return;
      const { provider, gate } = entry;
      const probe = await this.#options.prober.probe(key, provider, gate, this.#stop.signal);
      if (!this.#stop.signal.aborted) await this.#settle(key, provider, probe);
    } catch (error) {
      this.#options.onUnexpected(error, key);
    } finally {
      this.#inHand.delete(id);
      entry.gate.leave();
      await lease?.release();
    }
  }

  async #settle(key: TargetKey, provider: ProbedProvider, probe: TargetProbe): Promise<void> {
    const { book, watchlist } = this.#options;
    const nowMs = performance.now();
    switch (probe.kind) {
      case 'result':
        await this.#settleResult(probe.result, probe.models, provider);
        return;
      case 'needs_list':
        this.#waitForList(key);
        watchlist.schedule.done(key, nowMs, book.paceOf(key));
        return;
      case 'postponed':
        watchlist.schedule.done(key, nowMs, book.paceOf(key));
        watchlist.schedule.trigger(key, nowMs);
        return;
      case 'rest':
        watchlist.schedule.done(key, nowMs, book.paceOf(key));
        return;
      default:
        probe satisfies never;
    }
  }

  async #settleResult(
    seen: ProbeResult,
    models: readonly string[] | null,
    provider: ProbedProvider,
  ): Promise<void> {
    const { book, watchlist, feed, onProbe } = this.#options;
    const result = seen.kind === 'traffic' ? seen : await this.#withoutBlame(seen, provider.host);
    if (this.#stop.signal.aborted || !watchlist.has(result.key)) return;
    onProbe(result);
    book.observe(result);
    this.#noteCheck(result, models);
    watchlist.schedule.done(result.key, performance.now(), book.paceOf(result.key));
    if (evidenceOf(result.outcome) === 'none') return;
    const ttlMs = Math.max(2 * watchlist.intervalMs(result.key), 60_000);
    await feed.tell({ kind: 'result', result, models }, ttlMs);
  }

  async #withoutBlame(result: ProbeResult, host: string): Promise<ProbeResult> {
    const { connectivity, check } = this.#options;
    connectivity.observe(host, result.outcome, performance.now());
    if (connectivity.state(performance.now()) !== 'online') await check.confirm();
    return connectivity.withoutBlame(result, host, performance.now());
  }

  #noteCheck(result: ProbeResult, models: readonly string[] | null): void {
    if (!isProviderKey(result.key)) return;
    const { prober, watchlist } = this.#options;
    prober.noteCheck(result, models);
    if (models !== null) watchlist.setList(result.key.provider, models);
    const waiting = this.#waitingForList.get(result.key.provider);
    this.#waitingForList.delete(result.key.provider);
    for (const key of waiting?.values() ?? []) watchlist.schedule.trigger(key, performance.now());
  }

  #waitForList(key: TargetKey): void {
    const waiting = this.#waitingForList.get(key.provider) ?? new Map<string, TargetKey>();
    waiting.set(targetId(key), key);
    this.#waitingForList.set(key.provider, waiting);
    this.#options.watchlist.schedule.trigger(providerKey(key.provider), performance.now());
  }
}
