import type { SnapshotCache } from '../cache/snapshot-cache.ts';
import type { HealthBook } from './health-book.ts';
import type { HealthViews } from './health-views.ts';

const EVERY_MS = 1000;
/** A snapshot of many models takes time to write: one more second between two of them for so many. */
const MODELS_PER_SECOND = 500;
/** Unchanged snapshots are written again before they end. */
const RENEW_MS = 60_000;

/** Keeps the snapshots in the cache up to date with the book. */
export interface SnapshotPublisher {
  /** Writes all of them now; never rejects. */
  publish(): Promise<void>;
  start(): void;
  stop(): void;
}

/** Creates the publisher; it writes at most once a second, and where nothing has changed once a minute. */
export function createSnapshotPublisher(
  cache: SnapshotCache,
  views: HealthViews,
  book: HealthBook,
): SnapshotPublisher {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let version = -1;
  let publishedAtMs = 0;
  let models = 0;

  async function write(): Promise<void> {
    version = book.version;
    publishedAtMs = performance.now();
    const now = new Date();
    const timestamp = now.toISOString();
    const list = views.models();
    models = list.length;
    await Promise.all([
      cache.put('system_health', JSON.stringify({ timestamp, ...views.totals() })),
      cache.put('providers_health', JSON.stringify({ timestamp, providers: views.providers(now.getTime()) })),
      cache.put('models_health', JSON.stringify({ timestamp, models: list })),
    ]);
  }

  function publish(): Promise<void> {
    running ??= write().finally(() => {
      running = null;
    });
    return running;
  }

  function tick(): void {
    const sinceMs = performance.now() - publishedAtMs;
    const pauseMs = book.version === version ? RENEW_MS : (models / MODELS_PER_SECOND) * 1000;
    if (sinceMs >= pauseMs) void publish();
  }

  return {
    publish,
    start() {
      timer ??= setInterval(tick, EVERY_MS);
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
