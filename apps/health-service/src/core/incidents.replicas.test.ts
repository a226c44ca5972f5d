import type { Outcome } from '@gatewayz/provider-health';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type IncidentClaim, toClaim } from './incident-claims.ts';
import { model, PROVIDER, Watched } from './test-support/watched.ts';
import type { TargetKey } from './types.ts';

type Seen = { readonly key: TargetKey; readonly outcome: Outcome; readonly atMs: number };

const START_MS = 1_800_000_000_000;
const MODELS = 4;

/** A replica that hears results as of when they were seen, in whatever order. */
class Replica extends Watched {
  constructor() {
    super(MODELS, new Map(), START_MS);
  }

  hear({ key, outcome, atMs }: Seen): void {
    this.nowMs = atMs - 1000;
    this.tellAlone(key, outcome);
  }

  claims(): readonly IncidentClaim[] {
    return this.book.active().map(toClaim);
  }

  hearClaims(claims: readonly IncidentClaim[]): void {
    for (const claim of claims) this.keep(this.book.hear(claim, this.nowMs));
  }

  ids(): readonly string[] {
    return this.book.active().map(({ id }) => id);
  }
}

/** Each target fails so often, a second after the other; the order is that of the targets, over and over. */
function outage(failures: number, keys: readonly TargetKey[]): readonly Seen[] {
  return Array.from({ length: failures }, (_, round) =>
    keys.map(
      (key, index): Seen => ({
        key,
        outcome: 'provider_error',
        atMs: START_MS + (round * keys.length + index) * 300,
      }),
    ),
  ).flat();
}

test('results that two replicas heard in another order open one incident of one id', () => {
  const keys = [model('m0'), model('m1')];
  const seen = outage(3, keys);
  const [first, second] = [new Replica(), new Replica()];
  for (const one of seen) first.hear(one);
  for (const one of [...seen.slice(0, 4), ...seen.slice(4).toReversed()]) second.hear(one);
  expect(first.ids()).toHaveLength(1);
  expect(second.ids()).toEqual(first.ids());
});

test('whatever each of two replicas heard late or never, both have one incident, and stored is one that is open', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([PROVIDER, ...Array.from({ length: MODELS }, (_, index) => model(`m${index}`))], {
        minLength: 3,
      }),
      fc.array(fc.constantFrom('now', 'late', 'never'), { minLength: 40, maxLength: 40 }),
      fc.array(fc.nat(5), { minLength: 40, maxLength: 40 }),
      (keys, course, tells) => {
        const [first, second] = [new Replica(), new Replica()];
        let late: Seen[] = [];
        outage(6, keys).forEach((one, index) => {
          first.hear(one);
          const way = index < 4 * keys.length ? course[index] : 'now';
          if (way === 'now') for (const each of [...late.splice(0), one]) second.hear(each);
          else if (way === 'late') late.push(one);
          if (tells[index] === 0) second.hearClaims(first.claims());
          if (tells[index] === 1) first.hearClaims(second.claims());
        });
        for (const one of late) second.hear(one);
        late = [];
        const told = [first.claims(), second.claims()] as const;
        first.hearClaims(told[1]);
        second.hearClaims(told[0]);
        expect(first.ids()).toHaveLength(1);
        expect(second.ids()).toEqual(first.ids());
        const shared = new Map([...first.store, ...second.store]);
        const open = [...shared.values()].filter(({ status }) => status !== 'resolved');
        expect(open.map(({ id }) => id)).toEqual(first.ids());
        for (const { absorbedInto, status } of shared.values())
          expect(status === 'resolved').toBe(absorbedInto !== null);
      },
    ),
    { numRuns: 300 },
  );
});

test('an incident that another replica has open already is opened under its id, as long as that is told', () => {
  const open = (silentMs: number): readonly string[] => {
    const replica = new Replica();
    const claim = { id: 'inc-0-theirs', scope: 'provider', type: 'timeout', openedAtMs: START_MS } as const;
    replica.hearClaims([{ ...claim, key: PROVIDER }]);
    for (const one of outage(3, [PROVIDER])) replica.hear({ ...one, atMs: one.atMs + silentMs });
    return replica.ids();
  };
  expect(open(50_000)).toEqual(['inc-0-theirs']);
  expect(open(70_000)).not.toContain('inc-0-theirs');
});

test('a claim about another subject, or a greater id, changes nothing', () => {
  const replica = new Replica();
  for (const one of outage(3, [PROVIDER])) replica.hear(one);
  const [own] = replica.claims();
  if (own === undefined) throw new Error('the provider is down');
  const others: readonly IncidentClaim[] = [
    own,
    { ...own, id: 'inc-z' },
    { ...own, id: 'inc-0', type: 'credentials' },
    { ...own, id: 'inc-0', scope: 'model', key: model('m1') },
    { ...own, id: 'inc-0', key: { provider: 'another', model: '' } },
  ];
  replica.hearClaims(others);
  expect(replica.ids()).toEqual([own.id]);
  expect(replica.kinds).not.toContain('absorbed');
});
