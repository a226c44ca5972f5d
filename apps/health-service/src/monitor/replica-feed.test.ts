import { expect, test } from 'vitest';
import type { ScheduleLock } from '../cache/schedule-lock.ts';
import type { ProbeResult } from '../core/types.ts';
import { createReplicaFeed, type ReplicaNews } from './replica-feed.ts';

/** What replicas put into Redis, in the order in which it was put. */
class SharedVerdicts {
  readonly #put: (readonly [string, string])[] = [];

  readonly lock: ScheduleLock = {
    tryLock: async () => null,
    putVerdict: async (key, json) => {
      const old = this.#put.findIndex(([known]) => known === key);
      if (old >= 0) this.#put[old] = ['', ''];
      this.#put.push([key, json]);
      return true;
    },
    verdicts: async (after = '0') => ({
      verdicts: new Map(this.#put.slice(Number(after)).filter(([key]) => key !== '')),
      cursor: String(this.#put.length),
    }),
  };
}

const result: ProbeResult = {
  key: { provider: 'groq', model: 'llama' },
  kind: 'completion',
  outcome: 'timeout',
  latencyMs: 10,
  atEpochMs: 1,
};
const claim = {
  id: 'inc-1',
  scope: 'model',
  key: result.key,
  type: 'timeout',
  openedAtMs: 1,
} as const;

test('each replica hears what the others tell, each thing once and in its order, and never itself', async () => {
  const shared = new SharedVerdicts();
  const heard: [number, ReplicaNews][] = [];
  const feeds = [0, 1].map((index) => createReplicaFeed(shared.lock, (news) => heard.push([index, news])));
  const all: readonly ReplicaNews[] = [
    { kind: 'incident', claim },
    { kind: 'result', result, models: null },
    { kind: 'incident', claim: { ...claim, id: 'inc-2' } },
    { kind: 'acknowledged', id: 'inc-1', by: 'ann', atMs: 2 },
  ];
  for (const news of all) await feeds[0]?.tell(news, 1000);
  for (const feed of [...feeds, ...feeds]) await feed.hear();
  expect(heard).toEqual(all.map((news) => [1, news]));
});

test('what is no news is passed over', async () => {
  const shared = new SharedVerdicts();
  const heard: ReplicaNews[] = [];
  const news = { kind: 'incident', claim: { ...claim, scope: 'planet' } };
  for (const json of ['{', '{}', JSON.stringify({ replica: 'other', news })])
    await shared.lock.putVerdict(json, json, 1000);
  const good: ReplicaNews = { kind: 'incident', claim };
  await shared.lock.putVerdict('good', JSON.stringify({ replica: 'other', news: good }), 1000);
  await createReplicaFeed(shared.lock, (one) => heard.push(one)).hear();
  expect(heard).toEqual([good]);
});
