import { randomUUID } from 'node:crypto';
import { OUTCOMES } from '@gatewayz/provider-health';
import { z } from 'zod';
import type { ScheduleLock, VerdictCursor } from '../cache/schedule-lock.ts';
import type { IncidentClaim } from '../core/incident-claims.ts';
import { targetId } from '../core/target-key.ts';
import { INCIDENT_SCOPES, type ProbeResult } from '../core/types.ts';

/** What replicas tell each other. */
export type ReplicaNews =
  | {
      readonly kind: 'result';
      readonly result: ProbeResult;
      /** Of a provider's free check: its list. */
      readonly models: readonly string[] | null;
    }
  /** One of the incidents that the other replica has open. */
  | { readonly kind: 'incident'; readonly claim: IncidentClaim }
  | { readonly kind: 'acknowledged'; readonly id: string; readonly by: string; readonly atMs: number };

/** Tells the other replicas, and hears what they tell. Without Redis it tells and hears nothing. */
export interface ReplicaFeed {
  tell(news: ReplicaNews, ttlMs: number): Promise<void>;
  /** Resolves when everything that was told before the call has been heard. */
  hear(): Promise<void>;
}

const name = z.string().max(256);
const outcome = z.enum(OUTCOMES as [(typeof OUTCOMES)[number], ...(typeof OUTCOMES)[number][]]);
const keySchema = z.object({ provider: name, model: name });
const claimSchema = z.object({
  id: z.string().min(1).max(100),
  scope: z.enum(INCIDENT_SCOPES),
  key: keySchema,
  type: outcome,
  openedAtMs: z.number().int().min(0),
});
const resultSchema = z.object({
  key: keySchema,
  kind: z.enum(['reachability', 'models', 'completion', 'traffic']),
  outcome,
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
    z.object({ kind: z.literal('incident'), claim: claimSchema }),
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
      await lock.putVerdict(keyOf(news), JSON.stringify({ replica, news }), Math.ceil(ttlMs));
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

/** Of the same only the latest is kept. */
function keyOf(news: ReplicaNews): string {
  switch (news.kind) {
    case 'result':
      return targetId(news.result.key);
    case 'incident':
      return `incident:${news.claim.id}`;
    case 'acknowledged':
      return `acknowledged:${news.id}`;
    default:
      return news satisfies never;
  }
}

function parse(text: string): z.output<typeof newsSchema> | null {
  try {
    return newsSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
