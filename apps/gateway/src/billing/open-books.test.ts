import { temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { openLedger, reservation } from '../ledger/ledger-stage.ts';
import { openBooks } from './open-books.ts';

test('reservations that nobody settled end at the start, and at every round after it', async () => {
  await using folder = await temporaryFolder();
  {
    await using stage = await openLedger(null, folder.path);
    await stage.addUser('ann', { granted_micro: 10 });
    await stage.addKey('laptop', 'ann');
    const of = { amountMicro: 10, expiresAtMs: Date.now() - 1 };
    expect(await stage.ledger.reserve(reservation('lost', of))).toBe('reserved');
  }
  const books = await openBooks({
    databaseUrl: null,
    dataFolder: folder.path,
    onQuery: () => {},
    onTrouble: () => {},
    expiryMs: 20,
  });
  try {
    const again = { amountMicro: 10, expiresAtMs: Date.now() + 100 };
    await vi.waitFor(async () => {
      expect(await books.ledger.reserve(reservation('next', again))).toBe('reserved');
    });
    await vi.waitFor(async () => {
      expect(await books.ledger.reserve(reservation('last', again))).toBe('reserved');
    });
  } finally {
    await books.close();
  }
});
