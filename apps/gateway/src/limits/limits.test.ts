import { createManualClock } from '@gatewayz/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Admission, createLimits, type Limits, type LimitsOptions } from './limits.ts';
import { LocalLimits } from './local-limits.ts';
import type { RateLimits } from './rate-limits.ts';

const NONE: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null };
const ann = { keyId: 'laptop', userId: 'ann' };
const annsOther = { keyId: 'phone', userId: 'ann' };
const bob = { keyId: 'server', userId: 'bob' };

let nowMs: number;
beforeEach(() => {
  nowMs = 5_000_000;
});

function limitsOf(options: Partial<LimitsOptions>): Limits {
  const none = { requestsPerMinute: null, tokensPerMinute: null };
  return createLimits({
    ofKeys: NONE,
    ofUsers: none,
    redis: null,
    leaseMs: 15_000,
    now: () => nowMs,
    ...options,
  });
}

function admit(limits: Limits, caller = ann, own: RateLimits | null = null): Admission {
  const admission = limits.admit(caller, own);
  if (admission instanceof Promise) throw new Error('It had to be waited for');
  return admission;
}

const headerOf = ({ headers }: { headers: readonly string[] }, name: string): string | undefined =>
  headers[headers.indexOf(name) + 1];

const outcomeOf = (admission: Admission): string => (admission.ok ? 'ok' : admission.type);

test('without any limit every request gets the same lease, without headers', () => {
  const limits = limitsOf({});
  const first = admit(limits);
  expect(first).toMatchObject({ ok: true, lease: { headers: [] } });
  expect(admit(limits, bob, NONE)).toBe(first);
});

describe('requests per minute', () => {
  test('the limit is let through, what is over it is refused until the minute is over', () => {
    const limits = limitsOf({ ofKeys: { ...NONE, requestsPerMinute: 3 } });
    const outcomes = Array.from({ length: 5 }, () => {
      nowMs += 1000;
      return admit(limits);
    });
    expect(outcomes.map(outcomeOf)).toEqual(['ok', 'ok', 'ok', 'requests', 'requests']);
    expect(outcomes[4]).toMatchObject({ ok: false, retryAfterMs: 56_000 });
    nowMs += 55_999;
    expect(outcomeOf(admit(limits))).toBe('requests');
    nowMs += 1;
    expect(outcomeOf(admit(limits))).toBe('ok');
  });

  test('the headers count down', () => {
    const limits = limitsOf({ ofKeys: { ...NONE, requestsPerMinute: 2 } });
    const remaining = Array.from({ length: 3 }, () => {
      const admission = admit(limits);
      return headerOf(admission.ok ? admission.lease : admission, 'x-ratelimit-remaining-requests');
    });
    expect(remaining).toEqual(['1', '0', '0']);
    const refused = admit(limits);
    expect(!refused.ok && headerOf(refused, 'retry-after')).toBe('60');
  });

  test('a key’s own limit takes the place of the common one, also where it is 0', () => {
    const limits = limitsOf({ ofKeys: { ...NONE, requestsPerMinute: 1 } });
    expect(outcomeOf(admit(limits, ann, { ...NONE, requestsPerMinute: 0 }))).toBe('requests');
    expect(outcomeOf(admit(limits, bob, { ...NONE, requestsPerMinute: 2 }))).toBe('ok');
    expect(outcomeOf(admit(limits, bob, { ...NONE, requestsPerMinute: 2 }))).toBe('ok');
  });

  test('a user’s keys share the user’s limit, and what one of them is refused costs the others nothing', () => {
    const limits = limitsOf({
      ofKeys: { ...NONE, requestsPerMinute: 2 },
      ofUsers: { requestsPerMinute: 3, tokensPerMinute: null },
    });
    expect([1, 2, 3, 4, 5].map(() => outcomeOf(admit(limits)))).toEqual([
      'ok',
      'ok',
      'requests',
      'requests',
      'requests',
    ]);
    expect(outcomeOf(admit(limits, annsOther))).toBe('ok');
    expect(outcomeOf(admit(limits, annsOther))).toBe('requests');
    expect(outcomeOf(admit(limits, bob))).toBe('ok');
  });

  test('keys that belong to nobody do not share a user’s limit', () => {
    const limits = limitsOf({ ofUsers: { requestsPerMinute: 1, tokensPerMinute: null } });
    for (const keyId of ['configured:0', 'configured:0', 'configured:1'])
      expect(outcomeOf(admit(limits, { keyId, userId: '' }))).toBe('ok');
  });
});

describe('tokens per minute', () => {
  test('they count when a request ends, and a key that has used them up is refused before', () => {
    const limits = limitsOf({ ofKeys: { ...NONE, tokensPerMinute: 100 } });
    const [first, second] = [admit(limits), admit(limits)];
    if (!first.ok || !second.ok) throw new Error('They must be admitted');
    first.lease.end(60);
    expect(outcomeOf(admit(limits))).toBe('ok');
    second.lease.end(41);
    expect(outcomeOf(admit(limits))).toBe('tokens');
    nowMs += 60_000;
    expect(outcomeOf(admit(limits))).toBe('ok');
  });

  test('a user’s tokens are those of all keys', () => {
    const limits = limitsOf({ ofUsers: { requestsPerMinute: null, tokensPerMinute: 10 } });
    const first = admit(limits);
    if (first.ok) first.lease.end(10);
    expect(outcomeOf(admit(limits, annsOther))).toBe('tokens');
    expect(outcomeOf(admit(limits, bob))).toBe('ok');
  });

  test.each([Number.NaN, -50, Number.POSITIVE_INFINITY])('%d tokens are none', (tokens) => {
    const limits = limitsOf({ ofKeys: { ...NONE, tokensPerMinute: 1 } });
    const first = admit(limits);
    if (first.ok) first.lease.end(tokens);
    expect(outcomeOf(admit(limits))).toBe('ok');
  });
});

describe('requests at the same time', () => {
  test('a place is free again when a request ends, once', () => {
    const limits = limitsOf({ ofKeys: { ...NONE, concurrency: 2 } });
    const [first] = [admit(limits), admit(limits)];
    expect(admit(limits)).toMatchObject({ ok: false, type: 'concurrency', retryAfterMs: 1000 });
    if (first?.ok) {
      first.lease.end(0);
      first.lease.end(0);
    }
    expect([admit(limits), admit(limits)].map(outcomeOf)).toEqual(['ok', 'concurrency']);
  });

  test('a request that is refused for it does not count for the minute', () => {
    const limits = limitsOf({ ofKeys: { requestsPerMinute: 2, tokensPerMinute: null, concurrency: 1 } });
    const first = admit(limits);
    for (let tries = 0; tries < 5; tries++) expect(outcomeOf(admit(limits))).toBe('concurrency');
    if (first.ok) first.lease.end(0);
    expect(outcomeOf(admit(limits))).toBe('ok');
  });
});

/** A minute that begins when it is first looked at after the last one, told again in as few words as there are. */
class Minute {
  #startMs = Number.NEGATIVE_INFINITY;
  #used = 0;

  add(more: number): number {
    if (nowMs >= this.#startMs + 60_000) {
      this.#startMs = nowMs;
      this.#used = 0;
    }
    this.#used += more;
    return this.#used;
  }
}

class Model {
  readonly #requests = new Minute();
  readonly #tokens = new Minute();
  readonly #underWay: Extract<Admission, { ok: true }>[] = [];
  readonly #limits = limitsOf({});

  ask(): void {
    const isLeft = [this.#requests.add(0) < 4, this.#tokens.add(0) < 50, this.#underWay.length < 3];
    const admission = admit(this.#limits, ann, { requestsPerMinute: 4, tokensPerMinute: 50, concurrency: 3 });
    expect(admission.ok).toBe(isLeft.every(Boolean));
    if (!admission.ok) return;
    this.#requests.add(1);
    this.#underWay.push(admission);
  }

  end(tokens: number): void {
    const admission = this.#underWay.shift();
    if (admission === undefined) return;
    admission.lease.end(tokens);
    if (tokens > 0) this.#tokens.add(tokens);
  }
}

test('in any order of requests, ends and time no limit is passed and nobody is refused below it', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const) }),
    fc.record({ kind: fc.constant('end' as const), tokens: fc.nat(40) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(40_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const next of steps) {
        if (next.kind === 'wait') nowMs += next.ms;
        else if (next.kind === 'end') model.end(next.tokens);
        else model.ask();
      }
    }),
  );
});

test('what is over is forgotten', () => {
  const clock = createManualClock();
  const local = new LocalLimits(() => clock.now());
  const ofKey = { requestsPerMinute: 5, tokensPerMinute: 50, concurrency: 5 };
  for (let index = 0; index < 100; index++) {
    const request = { keyId: `key-${index}`, userId: `user-${index}`, ofKey, ofUser: ofKey };
    local.admit(request);
    local.end(request, 10);
  }
  expect(local.size).toBe(400);
  clock.advance(120_000);
  local.admit({ keyId: 'last', userId: '', ofKey, ofUser: null });
  expect(local.size).toBe(3);
});
