import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BreakerState, BreakerTransition } from './breaker-state.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import type { Permit } from './half-open-probes.ts';
import type { Verdict } from './outcome.ts';

const OPTIONS = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  minimumSamples: 6,
  windowMs: 1200,
  openMs: 1000,
  maxOpenMs: 5000,
  jitter: 0.25,
  halfOpenProbes: 2,
  closeAfter: 3,
  probeExpiryMs: 400,
} as const;

type Closed = Extract<BreakerState, { kind: 'closed' }>;

type Step =
  | { readonly do: 'acquire' }
  | { readonly do: 'end'; readonly pick: number; readonly verdict: Verdict; readonly keep: boolean }
  | { readonly do: 'wait'; readonly forMs: number }
  | { readonly do: 'forceOpen' | 'forceClosed' | 'auto' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ do: 'acquire' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant<'end'>('end'),
      pick: fc.nat(),
      verdict: fc.constantFrom<Verdict>('success', 'success', 'failure', 'failure', 'neutral'),
      // At times a permit is kept and ended a second time.
      keep: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant<'wait'>('wait'), forMs: fc.integer({ min: -50, max: 1200 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>(
      { do: 'forceOpen' },
      { do: 'forceClosed' },
      { do: 'auto' },
      { do: 'auto' },
    ),
  },
);

/** Watches a breaker from outside and holds it to the rules after every step. */
class Witness {
  readonly breaker: CircuitBreaker;
  /** What the breaker is told, at times backwards; its own time is the latest it was told. */
  #givenMs = 0;
  #nowMs = 0;
  #operatorActs = false;
  #held: Permit[] = [];
  #probes = new Map<Permit, number>();
  #probeSuccesses = 0;
  #verdict: Verdict | null = null;
  #failuresInRow = 0;
  #opensInRow = 0;
  readonly #chance: number;

  constructor(chance: number) {
    this.#chance = chance;
    this.breaker = createCircuitBreaker({
      ...OPTIONS,
      random: () => chance,
      onTransition: (transition) => this.#hear(transition),
    });
  }

  run(one: Step): void {
    if (one.do === 'acquire') this.#acquire();
    else if (one.do === 'end') this.#end(one.pick, one.verdict, one.keep);
    else if (one.do === 'wait') this.#wait(one.forMs);
    else this.#operate(one.do);
  }

  #wait(forMs: number): void {
    this.#givenMs = Math.max(0, this.#givenMs + forMs);
    this.#nowMs = Math.max(this.#nowMs, this.#givenMs);
  }

  #operate(act: 'forceOpen' | 'forceClosed' | 'auto'): void {
    this.#operatorActs = true;
    if (act === 'auto') this.breaker.auto(this.#givenMs);
    else this.breaker[act]('by hand', this.#givenMs);
    this.#operatorActs = false;
  }

  #acquire(): void {
    const before = this.breaker.state(this.#givenMs);
    const wouldAdmit = this.breaker.wouldAdmit(this.#givenMs);
    const permit = this.breaker.tryAcquire(this.#givenMs);
    expect(permit !== null).toBe(wouldAdmit);
    if (before.kind === 'open') {
      expect(permit).toBeNull();
      expect(this.#nowMs).toBeLessThan(before.untilMs);
    }
    if (before.kind === 'forced') expect(permit === null).toBe(before.position === 'open');
    if (before.kind === 'closed') expect(permit?.probe).toBe(false);
    if (permit === null) return;
    this.#held.push(permit);
    if (before.kind === 'half_open') {
      expect(permit.probe).toBe(true);
      this.#probes.set(permit, this.#nowMs + OPTIONS.probeExpiryMs);
      const inFlight = [...this.#probes.values()].filter((expiresAtMs) => expiresAtMs > this.#nowMs).length;
      expect(inFlight).toBeLessThanOrEqual(OPTIONS.halfOpenProbes);
    }
  }

  #end(pick: number, verdict: Verdict, keep: boolean): void {
    const permit = this.#held[pick % Math.max(1, this.#held.length)];
    if (permit === undefined) return;
    if (!keep || !permit.probe) this.#held = this.#held.filter((held) => held !== permit);
    const before = this.breaker.state(this.#givenMs);
    const isCounted = this.#probes.delete(permit);
    if (isCounted && verdict === 'success') this.#probeSuccesses++;
    this.#verdict = verdict;
    this.breaker.end(permit, verdict, this.#givenMs);
    this.#verdict = null;
    const after = this.breaker.state(this.#givenMs);
    if (before.kind === 'half_open') this.#expectHalfOpenRules(after, isCounted, verdict);
    if (before.kind === 'closed' && after.kind === 'closed')
      this.#expectFailuresInRow(before, after, verdict);
    if (before.kind === 'open' || before.kind === 'forced') expect(after).toEqual(before);
  }

  #expectHalfOpenRules(after: BreakerState, isCounted: boolean, verdict: Verdict): void {
    if (isCounted && verdict === 'failure') expect(after.kind).toBe('open');
    if (!isCounted || verdict === 'neutral') expect(after.kind).toBe('half_open');
    if (after.kind === 'half_open') expect(after.successes).toBe(this.#probeSuccesses);
  }

  #expectFailuresInRow(before: Closed, after: Closed, verdict: Verdict): void {
    if (after.consecutiveFailures > before.consecutiveFailures) this.#failuresInRow++;
    else if (verdict === 'success' && after.consecutiveFailures === 0) this.#failuresInRow = 0;
    expect(after.consecutiveFailures).toBe(this.#failuresInRow);
    expect(after.consecutiveFailures).toBeLessThan(OPTIONS.consecutiveFailures);
  }

  #hear({ from, to, reason }: BreakerTransition): void {
    if (from.kind === 'forced') expect(this.#operatorActs).toBe(true);
    if (from.kind === 'half_open' && to.kind === 'closed') {
      expect(this.#probeSuccesses).toBe(OPTIONS.closeAfter);
      this.#opensInRow = 0;
    }
    if (from.kind === 'open' && to.kind === 'half_open') {
      expect(this.#nowMs).toBeGreaterThanOrEqual(from.untilMs);
    }
    if (from.kind === 'closed' && to.kind === 'open') {
      expect(this.#verdict).toBe('failure');
      if (reason === 'consecutive_failures') {
        expect(this.#failuresInRow + 1).toBe(OPTIONS.consecutiveFailures);
      }
    }
    expect([from.kind, to.kind]).not.toEqual(['open', 'closed']);
    if (to.kind === 'open') {
      this.#opensInRow++;
      const fullMs = Math.min(OPTIONS.openMs * 2 ** (this.#opensInRow - 1), OPTIONS.maxOpenMs);
      expect(to.untilMs - to.sinceMs).toBeCloseTo(fullMs * (1 - OPTIONS.jitter * this.#chance), 6);
    }
    if (to.kind === 'forced' || reason === 'auto') this.#opensInRow = 0;
    this.#probes.clear();
    this.#probeSuccesses = 0;
    this.#failuresInRow = 0;
  }
}

test('whatever happens in whatever order, a breaker keeps its rules', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 200, size: 'max' }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (steps, chance) => {
        const witness = new Witness(chance);
        for (const one of steps) witness.run(one);
      },
    ),
    { numRuns: 300 },
  );
});

test('a ratio breaker agrees with counting every attempt of its window', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ ok: fc.boolean(), stepMs: fc.integer({ min: 0, max: 300 }) }), {
        maxLength: 120,
        size: 'max',
      }),
      (attempts) => {
        const breaker = createCircuitBreaker({ ...OPTIONS, consecutiveFailures: 1e6, random: () => 0 });
        const bucketMs = OPTIONS.windowMs / 12;
        const held: { ok: boolean; bucket: number }[] = [];
        let nowMs = 0;
        for (const { ok, stepMs } of attempts) {
          nowMs += stepMs;
          const permit = breaker.tryAcquire(nowMs);
          if (permit === null) throw new Error('closed breakers admit');
          breaker.end(permit, ok ? 'success' : 'failure', nowMs);
          const bucket = Math.floor(nowMs / bucketMs);
          held.push({ ok, bucket });
          const inWindow = held.filter((sample) => sample.bucket > bucket - 12);
          const failed = inWindow.filter((sample) => !sample.ok).length;
          const isReached =
            !ok &&
            inWindow.length >= OPTIONS.minimumSamples &&
            failed / inWindow.length >= OPTIONS.failureRatio;
          expect(breaker.visibleState(nowMs)).toBe(isReached ? 'open' : 'closed');
          if (isReached) return;
        }
      },
    ),
    { numRuns: 300 },
  );
});
