import { randomUUID } from 'node:crypto';
import { OUTCOMES } from '@gatewayz/provider-health';
import { z } from 'zod';
import type { ScheduleLock, VerdictCursor } from '../cache/schedule-lock.ts';
import { targetId } from '../core/target-key.ts';
import type { ProbeResult } from '../core/types.ts';

/** What replicas tell each other. */
export type ReplicaNews =
  | {
      readonly kind: 'result';
      readonly result: ProbeResult;
      /** Of a provider's free check: its list. */
      readonly models: readonly string[] | null;
    }
  | { readonly kind: 'acknowledged'; readonly id: string; readonly by: string; readonly atMs: number };

/** Tells the other replicas, and hears what they tell. Without Redis it tells and hears nothing. */
export interface ReplicaFeed {
  tell(news: ReplicaNews, ttlMs: number): Promise<void>;
  /** Resolves when everything that was told before the call has been heard. */
  hear(): Promise<void>;
}

const name = z.string().max(256);
const resultSchema = z.object({
  key: z.object({ provider: name, model: name }),
  kind: z.enum(['reachability', 'models', 'completion', 'traffic']),
  outcome: z.enum(OUTCOMES as [(typeof OUTCOMES)[number], ...(typeof OUTCOMES)[number][]]),
  latencyMs: z.number().min(0),
  atEpochMs: z.number().int().min(0),
  requestId: z.string().max(128).exactOptional(),
  detail: z.string().max(1000).exactOptional(),
  failedShare: z.number().min(0).max(1).exactOptional(),
});
const newsSchema = z.object({
  replica: z.string(),
  news: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('result'),
      result: resultSchema,
      models: z.array(name).max(5000).nullable(),
    }),
    z.object({ kind: z.literal('acknowledged'), id: z.string(), by: z.string(), atMs: z.number() }),
  ]),
});

/** Creates the feed of this replica over the shared lock. */
export function createReplicaFeed(lock: ScheduleLock, onNews: (news: ReplicaNews) => void): ReplicaFeed {
  const replica = randomUUID();
  let cursor: VerdictCursor | undefined;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;

  async function read(): Promise<void> {
    for (;;) {
      const page = await lock.verdicts(cursor);
      const isDone = page.verdicts.size === 0 || page.cursor === cursor;
      cursor = page.cursor;
      for (const text of page.verdicts.values()) {
        const heard = parse(text);
        if (heard !== null && heard.replica !== replica) onNews(heard.news);
      }
      if (isDone) return;
    }
  }

  return {
    async tell(news, ttlMs) {
      const key = news.kind === 'result' ? targetId(news.result.key) : `acknowledged:${news.id}`;
      await lock.putVerdict(key, JSON.stringify({ replica, news }), Math.ceil(ttlMs));
    },
    hear() {
      // A reading under way may have passed what was told just now.
      next ??= running.then(() => {
        next = null;
        running = read();
        return running;
      });
      return next;
    },
  };
}

function parse(text: string): z.output<typeof newsSchema> | null {
  try {
    return newsSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
