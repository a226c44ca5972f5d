import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SCHEDULE, type Pace, Schedule, type ScheduleSettings } from './schedule.ts';
import type { Tier } from './tiers.ts';
import type { TargetKey } from './types.ts';

const at = (provider: string, model = 'm'): TargetKey => ({ provider, model });

function scheduleOf(settings: Partial<ScheduleSettings> = {}, random: () => number = () => 0): Schedule {
  return new Schedule({ ...DEFAULT_SCHEDULE, ...settings }, random);
}

describe('when a target is due', () => {
  test.each<[Tier, Pace, number]>([
    ['critical', 'settled', 5 * 60_000],
    ['popular', 'settled', 30 * 60_000],
    ['standard', 'settled', 2 * 3_600_000],
    ['on_demand', 'settled', 4 * 3_600_000],
    ['on_demand', 'failing', 5 * 60_000],
    ['standard', 'unsettled', 60_000],
  ])('%s and %s: after %d ms at the latest, and earlier by no more than the jitter', (tier, pace, waitMs) => {
    for (const random of [0, 0.5, 0.999]) {
      const schedule = scheduleOf({}, () => random);
      schedule.add(at('p'), tier, 0);
      schedule.done(at('p'), 1000, pace);
      const dueAtMs = schedule.dueAtMs(at('p')) ?? 0;
      expect(dueAtMs).toBeLessThanOrEqual(1000 + waitMs);
      expect(dueAtMs).toBeGreaterThanOrEqual(1000 + waitMs * 0.9);
    }
  });

  test('new targets are spread over the start', () => {
    const numbers = [0, 0.5, 0.9];
    const schedule = scheduleOf({ startSpreadMs: 1000 }, () => numbers.shift() ?? 0);
    for (const model of ['a', 'b', 'c']) schedule.add(at('p', model), 'standard', 0);
    expect(['a', 'b', 'c'].map((model) => schedule.dueAtMs(at('p', model)))).toEqual([0, 500, 900]);
    expect(schedule.nextDueMs()).toBe(0);
  });

  test('a higher tier brings the next probe forward, a lower one waits for it', () => {
    const schedule = scheduleOf();
    schedule.add(at('p'), 'on_demand', 0);
    schedule.done(at('p'), 0, 'settled');
    schedule.add(at('p'), 'critical', 1000);
    expect(schedule.dueAtMs(at('p'))).toBe(301_000);
    schedule.add(at('p'), 'on_demand', 2000);
    expect(schedule.dueAtMs(at('p'))).toBe(301_000);
  });

  test('a triggered target is due at once, but not handed out a second time while it is out', () => {
    const schedule = scheduleOf();
    schedule.add(at('p'), 'standard', 0);
    schedule.done(at('p'), 0, 'settled');
    expect(schedule.due(1000, 10)).toEqual([]);
    expect(schedule.trigger(at('p'), 1000)).toBe(true);
    expect(schedule.due(1000, 10)).toEqual([at('p')]);
    schedule.trigger(at('p'), 1001);
    expect(schedule.due(1001, 10)).toEqual([]);
    expect(schedule.trigger(at('nobody'), 0)).toBe(false);
  });

  test('a target that never comes back is due again when its lease ends', () => {
    const schedule = scheduleOf({ leaseMs: 5000 });
    schedule.add(at('p'), 'standard', 0);
    expect(schedule.due(0, 10)).toHaveLength(1);
    expect(schedule.due(4999, 10)).toHaveLength(0);
    expect(schedule.due(5000, 10)).toHaveLength(1);
  });

  test('a target removed while it is out does not come back', () => {
    const schedule = scheduleOf();
    schedule.add(at('p'), 'standard', 0);
    schedule.due(0, 1);
    schedule.remove(at('p'));
    schedule.done(at('p'), 0, 'failing');
    expect(schedule.size).toBe(0);
    expect(schedule.nextDueMs()).toBeNull();
  });
});

describe('fairness', () => {
  test('providers are served in turn, however many targets each has', () => {
    const schedule = scheduleOf();
    for (let index = 0; index < 100; index++) schedule.add(at('big', `m${index}`), 'standard', 0);
    schedule.add(at('small'), 'standard', 0);
    schedule.add(at('tiny'), 'standard', 0);
    expect(schedule.due(0, 3).map((key) => key.provider)).toEqual(['big', 'small', 'tiny']);
  });

  test('with room for one at a time, the turn goes on where it stopped', () => {
    const schedule = scheduleOf({ leaseMs: 1000 });
    for (const provider of ['a', 'b', 'c']) schedule.add(at(provider), 'standard', 0);
    const order = [0, 5000, 10_000, 15_000].map((nowMs) => schedule.due(nowMs, 1)[0]?.provider);
    expect(order).toEqual(['a', 'b', 'c', 'a']);
  });

  test('a provider that may not be asked now is passed over and comes first later', () => {
    const schedule = scheduleOf({ leaseMs: 1000 });
    for (const model of ['1', '2'])
      for (const provider of ['a', 'b']) schedule.add(at(provider, model), 'standard', 0);
    expect(schedule.due(0, 4, (provider) => provider !== 'a').map((key) => key.provider)).toEqual(['b', 'b']);
    expect(schedule.due(0, 1).map((key) => key.provider)).toEqual(['a']);
  });

  test('10,000 targets with too little room are all served, none twice before all are once', () => {
    const schedule = scheduleOf({ leaseMs: 3_600_000 });
    for (let index = 0; index < 10_000; index++) {
      schedule.add(at(`p${index % 30}`, `m${index}`), 'standard', 0);
    }
    const seen = new Set<string>();
    for (let round = 0; round < 200; round++) {
      for (const key of schedule.due(round, 50)) seen.add(key.model);
    }
    expect(seen.size).toBe(10_000);
  });
});

type Step =
  | { readonly do: 'add'; readonly target: number; readonly tier: Tier }
  | { readonly do: 'remove'; readonly target: number }
  | { readonly do: 'trigger'; readonly target: number }
  | { readonly do: 'due'; readonly limit: number }
  | { readonly do: 'done'; readonly pace: Pace }
  | { readonly do: 'wait'; readonly forMs: number };

const target = fc.nat(11);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    target,
    tier: fc.constantFrom<Tier>('critical', 'popular', 'standard', 'on_demand'),
  }),
  fc.record({ do: fc.constant('remove' as const), target }),
  fc.record({ do: fc.constant('trigger' as const), target }),
  fc.record({ do: fc.constant('due' as const), limit: fc.nat(4) }),
  fc.record({
    do: fc.constant('done' as const),
    pace: fc.constantFrom<Pace>('settled', 'failing', 'unsettled'),
  }),
  fc.record({ do: fc.constant('wait' as const), forMs: fc.nat(600_000) }),
);

/** A schedule and what it should know, step by step. */
class World {
  readonly schedule: Schedule = scheduleOf({}, () => 0.3);
  readonly known = new Map<number, TargetKey>();
  readonly #out: TargetKey[] = [];
  nowMs = 0;

  take(one: Step): void {
    switch (one.do) {
      case 'add':
        this.known.set(one.target, keyOf(one.target));
        this.schedule.add(keyOf(one.target), one.tier, this.nowMs);
        return;
      case 'remove':
        this.known.delete(one.target);
        this.schedule.remove(keyOf(one.target));
        return;
      case 'trigger':
        this.schedule.trigger(keyOf(one.target), this.nowMs);
        return;
      case 'due':
        this.#handOut(one.limit);
        return;
      case 'done': {
        const key = this.#out.shift();
        if (key !== undefined) this.schedule.done(key, this.nowMs, one.pace);
        return;
      }
      case 'wait':
        this.nowMs += one.forMs;
        return;
      default:
        one satisfies never;
    }
  }

  #handOut(limit: number): void {
    const before = new Map([...this.known.values()].map((key) => [key.model, this.schedule.dueAtMs(key)]));
    for (const key of this.schedule.due(this.nowMs, limit)) {
      expect(before.get(key.model)).toBeLessThanOrEqual(this.nowMs);
      this.#out.push(key);
    }
  }
}

function keyOf(index: number): TargetKey {
  return at(`p${index % 3}`, `m${index}`);
}

test('whatever comes and goes, only known targets that are due are handed out, and each one in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        world.take(one);
        expect(world.schedule.size).toBe(world.known.size);
        const times = [...world.known.values()].map((key) => world.schedule.dueAtMs(key) ?? Number.NaN);
        expect(world.schedule.nextDueMs()).toBe(times.length === 0 ? null : Math.min(...times));
      }
      const later = world.schedule.due(world.nowMs + 5 * 3_600_000, 100).map((key) => key.model);
      expect(later.sort()).toEqual([...world.known.values()].map((key) => key.model).sort());
    }),
  );
});

test('settings that make no sense are refused with their name and value', () => {
  expect(() => scheduleOf({ jitter: 0.9 })).toThrow('jitter must be a number from 0 to 0.5, received 0.9');
  expect(() => scheduleOf({ leaseMs: 0 })).toThrow('leaseMs');
});
