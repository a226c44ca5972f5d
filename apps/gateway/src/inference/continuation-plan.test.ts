import { createRetryBudget } from '@gatewayz/provider-health';
import { describe, expect, test } from 'vitest';
import type { Target } from '../providers/provider.ts';
import { createRouter } from '../routing/router.ts';
import { NOW, record, routeTo, targetAt } from '../routing/target-fixture.ts';
import type { Attempt } from './attempt.ts';
import { planContinuation } from './continuation-plan.ts';
import type { ContinuationMode } from './continued-relay.ts';
import { type Failure, failure } from './failure.ts';
import { textChunk } from './stream-fixture.ts';
import { Transcript } from './transcript.ts';

const PREFILLS = { config: { capabilities: { assistantPrefill: true, streamUsage: true } } };
const cut = failure('provider_error', 'the stream ended before its answer did', { status: 200 });

interface Plan {
  readonly failed?: Failure;
  readonly lastMode?: ContinuationMode | null;
  readonly isChat?: boolean;
  readonly transcript?: Transcript;
  readonly deadlineAt?: number;
  readonly floorBurst?: number;
}

function transcriptOf(text: string): Transcript {
  const transcript = new Transcript();
  transcript.add(textChunk(text));
  return transcript;
}

/** The provider and the mode of the next attempt, or null. */
function plan(targets: Target[], tried: Target[], more: Plan = {}): readonly string[] | null {
  const { failed = cut } = more;
  const next = planContinuation(
    {
      retries: { attempts: 2, budgetRatio: 0.2, maxWaitMs: 2000 },
      router: createRouter({ strategy: 'priority', exploreRatio: 0 }, Math.random, () => {}),
      budget: createRetryBudget({ ratio: 0, floorPerSecond: 0, floorBurst: more.floorBurst ?? 3 }),
    },
    {
      route: routeTo(...targets),
      tried: tried.map((target) => ({ target, outcome: failed.outcome }) as Attempt),
      failed,
      deadlineAt: more.deadlineAt ?? NOW + 1000,
    },
    more.transcript ?? transcriptOf('Once upon'),
    more.lastMode ?? null,
    more.isChat ?? true,
    NOW,
  );
  return next === null ? null : [next.pick.target.provider.name, next.mode];
}

describe('a stream that broke off', () => {
  const [a, b, prefills] = [targetAt('a'), targetAt('b'), targetAt('prefills', PREFILLS)];

  test('is asked for afresh at the next target', () => {
    expect(plan([a, b], [a])).toEqual(['b', 'replay']);
  });

  test('is continued by a target that can do so, of a chat that has text', () => {
    expect(plan([a, prefills], [a])).toEqual(['prefills', 'prefill']);
    expect(plan([a, prefills], [a], { isChat: false })).toEqual(['prefills', 'replay']);
    expect(plan([a, prefills], [a], { transcript: new Transcript() })).toEqual(['prefills', 'replay']);
  });

  test('is asked for afresh where the target refused to continue it', () => {
    const failed = failure('caller', 'no prefill', { status: 400 });
    const tried = [a, b, prefills];
    expect(plan([a, b, prefills], tried, { failed, lastMode: 'prefill' })).toEqual(['prefills', 'replay']);
    expect(plan([a, b, prefills], tried, { failed, lastMode: 'replay' })).toBeNull();
  });

  test('goes back to its only target once, unless that one stalled', () => {
    expect(plan([a], [a])).toEqual(['a', 'replay']);
    expect(plan([a], [a, a])).toBeNull();
    expect(plan([a], [a], { failed: failure('timeout', 'stalled', { phase: 'idle' }) })).toBeNull();
  });

  test('goes back to a target where the others may not be called, or broke off as well', () => {
    const open = targetAt('open');
    record(open, 5, 'provider_error');
    expect(plan([a, open], [a])).toEqual(['a', 'replay']);
    expect(plan([a, b], [a, b])).toEqual(['a', 'replay']);
    expect(plan([a, b], [a, b], { floorBurst: 0 })).toBeNull();
  });

  test.each([
    ['the client left', { failed: failure('client_closed', 'left') }],
    ['the deadline has passed', { deadlineAt: NOW }],
  ] as const)('is not continued where %s', (_, more) => {
    expect(plan([a, b], [a], more)).toBeNull();
  });

  test('is not continued after as many attempts as are allowed', () => {
    expect(plan([a, b, prefills, targetAt('c')], [a, b, prefills])).toBeNull();
  });

  test('is not continued where it held more than the text of one choice, or has its end', () => {
    const called = new Transcript();
    called.add(textChunk('', { hasMore: true }));
    const ended = transcriptOf('The end.');
    ended.add(textChunk('', { finished: [0] }));
    expect(plan([a, b], [a], { transcript: called })).toBeNull();
    expect(plan([a, b], [a], { transcript: ended })).toBeNull();
  });

  test('costs a retry where the next target does badly, and passes it over where none is left', () => {
    const bad = targetAt('bad');
    record(bad, 4, 'provider_error');
    expect(plan([a, bad, b], [a])).toEqual(['bad', 'replay']);
    expect(plan([a, bad, b], [a], { floorBurst: 0 })).toEqual(['b', 'replay']);
    expect(plan([a, bad], [a], { floorBurst: 0 })).toBeNull();
  });
});
