import type { Config, Secrets } from '@gatewayz/config';
import { ConnectivityWatch, DEFAULT_CONNECTIVITY } from '../core/connectivity.ts';
import { targetsOfIncident } from '../core/incident-case.ts';
import type { IncidentChange } from '../core/incident-change.ts';
import { CLAIM_HELD_MS, toClaim } from '../core/incident-claims.ts';
import type { ProbeCost } from '../core/probe-budget.ts';
import { tiersFromTraffic } from '../core/tiers.ts';
import type { Incident, ProbeResult } from '../core/types.ts';
import { describeError, log } from '../log.ts';
import { type ConnectivityCheck, createConnectivityCheck } from '../probes/connectivity-check.ts';
import { ProbeRunner } from '../probes/probe-runner.ts';
import { TargetProber } from '../probes/probe-target.ts';
import { openProbedProvider, type ProbedProvider } from '../probes/probed-provider.ts';
import { createTrafficReader, type TrafficReader } from '../traffic/read-traffic.ts';
import { TrafficWindow } from '../traffic/traffic-window.ts';
import { HealthBook } from './health-book.ts';
import { HealthViews } from './health-views.ts';
import { createSpentLog, logIncident, logStore, logVerdict } from './log-changes.ts';
import type { MonitorParts } from './monitor-parts.ts';
import { recordProbe } from './record-probe.ts';
import { createReplicaFeed, type ReplicaFeed, type ReplicaNews } from './replica-feed.ts';
import { createSnapshotPublisher, type SnapshotPublisher } from './snapshot-publisher.ts';
import { StoreWriter } from './store-writer.ts';
import { type TargetFilter, Watchlist } from './watchlist.ts';

const TRAFFIC_EVERY_MS = 60_000;
const TRAFFIC_WINDOW_MS = 5 * 60_000;
const REFRESH_EVERY_MS = 5000;
const FLUSH_EVERY_MS = 5000;
const HEAR_EVERY_MS = 1000;
/** Claims hold for six times as long: one that Redis did not take is told again in time. */
const CLAIM_EVERY_MS = CLAIM_HELD_MS / 6;
const PRUNE_EVERY_MS = 3_600_000;
const ACKNOWLEDGEMENT_KEPT_MS = 3_600_000;

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
  readonly #logSpent: (provider: string, day: string) => void;
  #timers: NodeJS.Timeout[] = [];

  constructor(config: Config, secrets: Secrets, parts: MonitorParts) {
    this.#config = config;
    this.#parts = parts;
    this.#logSpent = createSpentLog(parts.budget);
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
    if (!this.#parts.isShared) return;
    every(HEAR_EVERY_MS, () => void this.#feed.hear());
    every(CLAIM_EVERY_MS, () => {
      for (const incident of this.book.incidents.active()) this.#tellOf(incident);
    });
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
  trigger(wanted: TargetFilter): number {
    return this.#watchlist.trigger(wanted);
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
      onIncident: (change) => this.#noteIncident(change),
      onVerdict: logVerdict,
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
      onProbe: (result) => this.#noteProbe(result),
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
      everyMs: Math.min(TRAFFIC_EVERY_MS, this.#config.healthService.intervals.criticalMs),
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
    else if (news.kind === 'incident') this.book.hearClaim(news.claim, Date.now());
    else this.book.acknowledge(news.id, news.by, news.atMs);
  }

  #noteIncident(change: IncidentChange): void {
    this.#writer.putIncident(change.incident);
    logIncident(change);
    if (change.kind === 'opened' || change.kind === 'reopened') this.#tellOf(change.incident);
  }

  /** So that the other replicas give the same incident the same id. */
  #tellOf(incident: Incident): void {
    void this.#feed.tell({ kind: 'incident', claim: toClaim(incident) }, CLAIM_HELD_MS);
  }

  #noteProbe(result: ProbeResult): void {
    const { provider } = result.key;
    const { metrics, tracing } = this.#parts;
    metrics.probeEnded(provider, result.kind, result.outcome);
    if (tracing !== null && result.kind !== 'traffic') recordProbe(tracing, result);
    if (this.book.asksForProvider(result)) this.#watchlist.trigger({ provider, model: '' });
  }

  async #noteSpent(provider: string, day: string, cost: ProbeCost): Promise<void> {
    this.#parts.metrics.spent(provider, cost);
    const sum = await this.#writer.addSpent({ provider, day, ...cost });
    // The other replicas' share counts too.
    if (sum !== null) this.#parts.budget.restore({ provider, day, ...sum });
    this.#logSpent(provider, day);
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
