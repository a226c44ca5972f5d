import type { Config, Secrets } from '@gatewayz/config';
import type { ScheduleLock } from '../cache/schedule-lock.ts';
import type { SnapshotCache } from '../cache/snapshot-cache.ts';
import { ConnectivityWatch, DEFAULT_CONNECTIVITY } from '../core/connectivity.ts';
import { targetsOfIncident } from '../core/incident-case.ts';
import type { ProbeBudget, ProbeCost } from '../core/probe-budget.ts';
import { providerKey } from '../core/target-key.ts';
import { tiersFromTraffic } from '../core/tiers.ts';
import type { Incident } from '../core/types.ts';
import type { HealthServiceMetrics } from '../health-service-metrics.ts';
import { describeError, log } from '../log.ts';
import { type ConnectivityCheck, createConnectivityCheck } from '../probes/connectivity-check.ts';
import { ProbeRunner } from '../probes/probe-runner.ts';
import { TargetProber } from '../probes/probe-target.ts';
import { openProbedProvider, type ProbedProvider } from '../probes/probed-provider.ts';
import type { HealthStore } from '../store/health-store.ts';
import { createTrafficReader, type TrafficReader } from '../traffic/read-traffic.ts';
import { TrafficWindow } from '../traffic/traffic-window.ts';
import { HealthBook } from './health-book.ts';
import { HealthViews } from './health-views.ts';
import { logIncident, logStore } from './log-changes.ts';
import type { MonitorSettings } from './monitor-settings.ts';
import { createReplicaFeed, type ReplicaFeed, type ReplicaNews } from './replica-feed.ts';
import { createSnapshotPublisher, type SnapshotPublisher } from './snapshot-publisher.ts';
import { StoreWriter } from './store-writer.ts';
import { Watchlist } from './watchlist.ts';

const TRAFFIC_EVERY_MS = 60_000;
const TRAFFIC_WINDOW_MS = 5 * 60_000;
const REFRESH_EVERY_MS = 5000;
const FLUSH_EVERY_MS = 5000;
const HEAR_EVERY_MS = 1000;
const PRUNE_EVERY_MS = 3_600_000;
const ACKNOWLEDGEMENT_KEPT_MS = 3_600_000;

/** What a monitor is made of beside its configuration. */
export interface MonitorParts {
  readonly settings: MonitorSettings;
  readonly store: HealthStore;
  readonly stored: readonly Incident[];
  readonly budget: ProbeBudget;
  readonly cache: SnapshotCache;
  readonly lock: ScheduleLock;
  /** Whether there may be other replicas to hear. */
  readonly isShared: boolean;
  readonly metrics: HealthServiceMetrics;
  readonly backendUrl: string | null;
}

/** Everything that watches: targets, probes, verdicts, incidents and their way to the store and the cache. */
export class Monitor {
  readonly book: HealthBook;
  readonly views: HealthViews;
  readonly publisher: SnapshotPublisher;
  readonly #config: Config;
  readonly #parts: MonitorParts;
  readonly #watchlist: Watchlist;
  readonly #writer: StoreWriter;
  readonly #connectivity = new ConnectivityWatch(DEFAULT_CONNECTIVITY);
  readonly #providers: readonly ProbedProvider[];
  readonly #prober: TargetProber;
  readonly #check: ConnectivityCheck;
  readonly #feed: ReplicaFeed;
  readonly #runner: ProbeRunner;
  readonly #window = new TrafficWindow(TRAFFIC_WINDOW_MS);
  readonly #traffic: TrafficReader | null;
  #timers: NodeJS.Timeout[] = [];

  constructor(config: Config, secrets: Secrets, parts: MonitorParts) {
    this.#config = config;
    this.#parts = parts;
    this.#writer = new StoreWriter(parts.store, logStore);
    this.#watchlist = new Watchlist(config, parts.settings.schedule, {
      tracked: (key) => this.book.track(key, Date.now()),
      forgotten: (key) => {
        this.book.forget(key, Date.now());
        this.#prober.forget(key);
      },
    });
    this.book = this.#createBook();
    this.views = new HealthViews(config.providers, this.book, this.#watchlist, parts.budget);
    this.publisher = createSnapshotPublisher(parts.cache, this.views, this.book);
    const { connectMs } = config.timeouts;
    this.#providers = config.providers.map((one) => openProbedProvider(one, secrets, connectMs));
    this.#prober = this.#createProber();
    this.#check = createConnectivityCheck(config.healthService.connectivityUrl, this.#connectivity);
    this.#feed = createReplicaFeed(parts.lock, (news) => this.#hear(news));
    this.#runner = this.#createRunner();
    this.#traffic = this.#createTraffic(secrets.metricsToken);
    const active = parts.stored.filter(({ status }) => status !== 'resolved');
    this.#watchlist.open(active.flatMap(targetsOfIncident).filter(({ model }) => model !== ''));
    this.book.reconcile((key) => this.#watchlist.has(key), Date.now());
  }

  start(): void {
    this.#runner.start();
    this.#traffic?.start();
    this.publisher.start();
    const every = (ms: number, work: () => void): void => void this.#timers.push(setInterval(work, ms));
    every(REFRESH_EVERY_MS, () => this.book.refresh(Date.now()));
    every(FLUSH_EVERY_MS, () => void this.#flush());
    every(PRUNE_EVERY_MS, () => void this.#prune());
    if (this.#parts.isShared) every(HEAR_EVERY_MS, () => void this.#feed.hear());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    await this.#traffic?.stop();
    await this.#runner.stop();
    this.publisher.stop();
    await this.#flush();
    await this.#check.close();
    await Promise.all(this.#providers.map(({ connection }) => connection.pool.destroy()));
  }

  status(): 'healthy' | 'degraded' | 'offline' {
    if (this.#connectivity.state(performance.now()) === 'offline') return 'offline';
    return this.#writer.isFailing ? 'degraded' : 'healthy';
  }

  /** False before the start, after the stop, and while the monitor itself is offline. */
  isMonitoring(): boolean {
    return this.#runner.isRunning && this.status() !== 'offline';
  }

  isSpent(provider: string): boolean {
    return this.#parts.budget.isSpent(provider, Date.now());
  }

  /** Makes targets due now; gives their number. */
  trigger({
    provider,
    model,
  }: {
    readonly provider?: string | undefined;
    readonly model?: string | undefined;
  }): number {
    const keys = [
      ...this.#config.providers.map(({ name }) => providerKey(name)),
      ...this.#watchlist.modelKeys(),
    ];
    const wanted = keys.filter(
      (key) =>
        (provider === undefined || key.provider === provider) && (model === undefined || key.model === model),
    );
    for (const key of wanted) this.#watchlist.schedule.trigger(key, performance.now());
    return wanted.length;
  }

  acknowledge(id: string, by: string): Incident | null {
    const atMs = Date.now();
    const incident = this.book.acknowledge(id, by, atMs);
    if (incident !== null)
      void this.#feed.tell({ kind: 'acknowledged', id, by, atMs }, ACKNOWLEDGEMENT_KEPT_MS);
    return incident;
  }

  #createBook(): HealthBook {
    const { settings, stored } = this.#parts;
    const resellers = new Set(this.#config.providers.filter((one) => one.resells).map(({ name }) => name));
    return new HealthBook({
      maintenance: settings.maintenance,
      intervalMs: (key) => this.#watchlist.intervalMs(key),
      modelsTracked: (provider) => this.#watchlist.models(provider).size,
      isGateway: (provider) => resellers.has(provider),
      stored,
      onIncident: (change) => {
        this.#writer.putIncident(change.incident);
        logIncident(change);
      },
    });
  }

  #createProber(): TargetProber {
    const { probes } = this.#config.healthService;
    return new TargetProber({
      plan: this.#parts.settings.plan,
      timeoutMs: probes.timeoutMs,
      completions: probes.completions,
      budget: this.#parts.budget,
      trafficOf: (key) => this.#window.sampleOf(key),
      isNamed: (key) => this.#watchlist.isNamed(key),
      onSpent: (provider, day, cost) => this.#noteSpent(provider, day, cost),
    });
  }

  #createRunner(): ProbeRunner {
    const { probes } = this.#config.healthService;
    return new ProbeRunner({
      providers: this.#providers,
      watchlist: this.#watchlist,
      book: this.book,
      prober: this.#prober,
      lock: this.#parts.lock,
      feed: this.#feed,
      connectivity: this.#connectivity,
      check: this.#check,
      timeoutMs: probes.timeoutMs,
      concurrency: probes.concurrency,
      perProvider: { concurrency: probes.concurrencyPerProvider, perMinute: probes.perMinutePerProvider },
      onProbe: ({ key, kind, outcome }) => this.#parts.metrics.probeEnded(key.provider, kind, outcome),
      onUnexpected: (error, key) =>
        log('error', 'a probe failed by itself', { ...key, ...describeError(error) }),
    });
  }

  #createTraffic(metricsToken: string | null): TrafficReader | null {
    const { backendUrl } = this.#parts;
    if (backendUrl === null) return null;
    return createTrafficReader({
      backendUrl,
      metricsToken,
      everyMs: TRAFFIC_EVERY_MS,
      window: this.#window,
      onRead: () => {
        const requests = this.#window.requestsByModel();
        if (requests !== null) this.#watchlist.setTrafficTiers(tiersFromTraffic(requests));
      },
      onFailure: (error) => log('warn', 'live traffic is not known', describeError(error)),
    });
  }

  #hear(news: ReplicaNews): void {
    if (news.kind === 'result') this.#runner.hear(news.result, news.models);
    else this.book.acknowledge(news.id, news.by, news.atMs);
  }

  async #noteSpent(provider: string, day: string, cost: ProbeCost): Promise<void> {
    this.#parts.metrics.spent(provider, cost);
    const sum = await this.#writer.addSpent({ provider, day, ...cost });
    // The other replicas' share counts too.
    if (sum !== null) this.#parts.budget.restore({ provider, day, ...sum });
  }

  async #flush(): Promise<void> {
    this.#writer.addRows(this.book.takeRows());
    await this.#writer.flush();
  }

  async #prune(): Promise<void> {
    try {
      await this.#parts.store.prune(Date.now());
    } catch (error) {
      log('warn', 'old rows could not be removed', describeError(error));
    }
  }
}
