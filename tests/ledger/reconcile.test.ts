import type { Attempt } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { Books, Charge } from './books.ts';
import { costOf, type Receipt, usageOf } from './kill-load.ts';
import { reconcile } from './reconcile.ts';

const KEY = { id: 'laptop', userId: 'ann', token: '' };

function chargeOf(number: number, part: Partial<Charge> = {}): Charge {
  const { input, output } = usageOf(number);
  return {
    requestId: `r${number}`,
    userId: 'ann',
    keyId: 'laptop',
    model: 'large',
    inputTokens: input,
    outputTokens: output,
    costMicroUsd: costOf(number),
    creditsMicro: costOf(number),
    isEstimated: false,
    ...part,
  };
}

function booksOf(charges: readonly Charge[], part: Partial<Books> = {}): Books {
  const chargedMicro = charges.reduce((sum, { creditsMicro }) => sum + creditsMicro, 0);
  const owner = { chargedMicro, reservedMicro: 0 };
  return {
    charges,
    grants: [],
    users: [{ id: 'ann', ...owner }],
    keys: [{ id: 'laptop', ...owner }],
    reservations: [],
    ...part,
  };
}

const receipts: readonly Receipt[] = [1, 2].map((number) => ({ number, requestId: `r${number}`, key: KEY }));
const attempts = [1, 2, 3].map((number) => ({ usageSent: { prompt_tokens: number } }) as unknown as Attempt);
const both = [chargeOf(1), chargeOf(2)];

test('books that agree with receipts and provider have no fault, also where an answer was lost on its way', () => {
  expect(reconcile(booksOf([...both, chargeOf(3)]), receipts, attempts)).toEqual([]);
});

test.each([
  ['a lost charge', booksOf([chargeOf(1)]), 'request 2 was answered and never charged'],
  [
    'a double charge',
    booksOf([...both, chargeOf(2, { requestId: 'again' })]),
    'request 2 was charged 2 times',
  ],
  ['a wrong amount', booksOf([chargeOf(1, { creditsMicro: 1 }), chargeOf(2)]), 'request 1 was charged 1'],
  [
    "another's charge",
    booksOf([chargeOf(1, { userId: 'bob' }), chargeOf(2)]),
    "the charge of request 1 is another's",
  ],
  ['a charge for nothing', booksOf([...both, chargeOf(4)]), 'request 4 was charged and never served'],
  [
    'a wrong sum',
    booksOf(both, { users: [{ id: 'ann', chargedMicro: 0, reservedMicro: 0 }] }),
    /^ann was charged 0,/,
  ],
  [
    'a forgotten reservation',
    booksOf(both, { reservations: [{ request_id: 'r9' }] }),
    'r9 is still reserved',
  ],
  [
    'credit held for nobody',
    booksOf(both, { keys: [{ ...booksOf(both).keys[0], reservedMicro: 5 } as never] }),
    /^5 are still held/,
  ],
])('%s is found', (_, books, said) => {
  expect(reconcile(books, receipts, attempts)).toContainEqual(
    typeof said === 'string' ? said : expect.stringMatching(said),
  );
});
