import { type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AccountStage, openAccounts, PEPPER, START_MS } from './account-stage.ts';
import { createKeyDirectory } from './key-directory.ts';
import { createKeyToken } from './key-token.ts';

let folder: TemporaryFolder;
let stage: AccountStage;
let token: string;
let keyId: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  stage = await openAccounts(null, folder.path);
  await stage.accounts.users.create({ id: 'ann' });
  const created = await stage.accounts.keys.create({ userId: 'ann', name: 'laptop' });
  token = created.token;
  keyId = created.key.id;
  stage.front.calls = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await stage[Symbol.asyncDispose]();
  await folder.dispose();
});

const kindOf = async (found: ReturnType<AccountStage['directory']['find']>) => (await found).kind;

describe('a key', () => {
  test('is read once, then known at once', async () => {
    const { directory, front, cache } = stage;
    expect(await directory.find(token)).toMatchObject({ kind: 'key', key: { id: keyId, userId: 'ann' } });
    expect(directory.find(token)).toMatchObject({ kind: 'key' });
    expect([front.calls, cache]).toEqual([1, { hit: 1, miss: 1 }]);
  });

  test('that many show at once is read once', async () => {
    const found = await Promise.all(Array.from({ length: 100 }, () => stage.directory.find(token)));
    expect(found.every(({ kind }) => kind === 'key')).toBe(true);
    expect(stage.front.calls).toBe(1);
  });

  test('that is in use is read again beside its requests, none of which waits', async () => {
    const { directory, front, clock } = stage;
    await directory.find(token);
    for (let second = 1; second <= 20; second += 1) {
      clock.advance(1000);
      expect(directory.find(token)).not.toBeInstanceOf(Promise);
      await front.idle();
      expect(front.calls).toBe(1 + Math.floor(second / 3));
    }
  });

  test('that was revoked here is refused at once', async () => {
    const { directory, accounts } = stage;
    await directory.find(token);
    await accounts.keys.revoke(keyId);
    expect(await kindOf(directory.find(token))).toBe('revoked');
  });

  test('that is revoked here while it is being read is refused at once and stays so', async () => {
    const { directory, accounts, front } = stage;
    const release = front.holdNext();
    const earlier = directory.find(token);
    await accounts.keys.revoke(keyId);
    const later = directory.find(token);
    release();
    expect(await kindOf(earlier)).toBe('key');
    expect(await kindOf(later)).toBe('revoked');
    expect(await kindOf(directory.find(token))).toBe('revoked');
  });

  test('that is revoked here and asked for only when the earlier reading has ended is refused', async () => {
    const { directory, accounts, front } = stage;
    const release = front.holdNext();
    const earlier = directory.find(token);
    await accounts.keys.revoke(keyId);
    release();
    await earlier;
    expect(await kindOf(directory.find(token))).toBe('revoked');
  });

  test('that was revoked elsewhere is refused within five seconds', async () => {
    const { elsewhere, accounts, clock } = stage;
    await elsewhere.find(token);
    await accounts.keys.revoke(keyId);
    expect(await kindOf(elsewhere.find(token))).toBe('key');
    clock.advance(4600);
    expect(await kindOf(elsewhere.find(token))).toBe('revoked');
  });

  test('expires at its time, whatever is remembered of it', async () => {
    const { directory, accounts, clock } = stage;
    const expiresAtMs = START_MS + 1000;
    const short = await accounts.keys.create({ userId: 'ann', name: 'short', expiresAtMs });
    expect(await kindOf(directory.find(short.token))).toBe('key');
    clock.advance(999);
    expect(await kindOf(directory.find(short.token))).toBe('key');
    clock.advance(1);
    expect(await kindOf(directory.find(short.token))).toBe('expired');
  });

  test('of a disabled user is refused, and let in when the user is enabled again', async () => {
    const { directory, accounts } = stage;
    await directory.find(token);
    await accounts.users.change('ann', { disabled: true });
    expect(await kindOf(directory.find(token))).toBe('disabled');
    await accounts.users.change('ann', { disabled: false });
    expect(await kindOf(directory.find(token))).toBe('key');
  });
});

describe('what is no key', () => {
  test('is told without the database: by its form or by its tag', () => {
    const { directory, front } = stage;
    const guesses = Array.from({ length: 500 }, () => createKeyToken(Buffer.alloc(32, 9)).token);
    for (const guess of ['', 'sk-1', `${token}x`, token.toUpperCase(), ...guesses]) {
      expect(directory.find(guess)).toEqual({ kind: 'unknown' });
    }
    expect(front.calls).toBe(0);
  });

  test('but might be one is remembered for a second', async () => {
    const { directory, front, clock } = stage;
    const lost = createKeyToken(PEPPER).token;
    expect(await kindOf(directory.find(lost))).toBe('unknown');
    expect(directory.find(lost)).toEqual({ kind: 'unknown' });
    clock.advance(1001);
    expect(await kindOf(directory.find(lost))).toBe('unknown');
    expect(front.calls).toBe(2);
  });

  test('does not push out what is one', async () => {
    const { directory, front } = stage;
    await directory.find(token);
    for (let count = 0; count < 1100; count += 100) {
      const lost = Array.from({ length: 100 }, () => directory.find(createKeyToken(PEPPER).token));
      await Promise.all(lost);
    }
    front.calls = 0;
    expect(directory.find(token)).toMatchObject({ kind: 'key' });
    expect(front.calls).toBe(0);
  });
});

test('no more keys are kept than allowed: the one read the longest ago goes first', async () => {
  const { front, accounts, now } = stage;
  const directory = createKeyDirectory({
    database: front,
    pepper: PEPPER,
    now,
    epochNow: () => START_MS,
    maxKeys: 2,
  });
  const second = await accounts.keys.create({ userId: 'ann', name: 'b' });
  const third = await accounts.keys.create({ userId: 'ann', name: 'c' });
  for (const shown of [token, second.token, third.token]) await directory.find(shown);
  expect(directory.find(third.token)).toMatchObject({ kind: 'key' });
  expect(directory.find(second.token)).toMatchObject({ kind: 'key' });
  expect(directory.find(token)).toBeInstanceOf(Promise);
});

describe('while the database is away', () => {
  test('State and money: Postgres down → keys that were read in the last minute are let in, then nobody', async () => {
    const { directory, front, clock, troubles } = stage;
    await directory.find(token);
    front.mode = 'refusing';
    for (let second = 5; second <= 60; second += 5) {
      clock.advance(5000);
      expect(await kindOf(directory.find(token))).toBe('key');
    }
    clock.advance(1000);
    expect(await kindOf(directory.find(token))).toBe('unavailable');
    expect(troubles).toHaveLength(1);
    front.mode = 'open';
    clock.advance(1000);
    expect(await kindOf(directory.find(token))).toBe('key');
    front.mode = 'refusing';
    clock.advance(5000);
    await directory.find(token);
    expect(troubles).toHaveLength(2);
  });

  test('a key that is not known is neither let in nor called wrong, and nobody waits twice', async () => {
    const { directory, front, clock } = stage;
    front.mode = 'refusing';
    expect(await kindOf(directory.find(token))).toBe('unavailable');
    expect(directory.find(token)).toEqual({ kind: 'unavailable' });
    expect(front.calls).toBe(1);
    clock.advance(500);
    expect(directory.find(token)).toBeInstanceOf(Promise);
  });

  test('a revoked key stays refused', async () => {
    const { directory, front, accounts, clock } = stage;
    await accounts.keys.revoke(keyId);
    await directory.find(token);
    front.mode = 'refusing';
    clock.advance(10_000);
    expect(await kindOf(directory.find(token))).toBe('revoked');
  });

  test('one that hangs holds nobody up for longer than a second', async () => {
    const { directory, front, clock } = stage;
    await directory.find(token);
    front.mode = 'hanging';
    clock.advance(5000);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const found = kindOf(directory.find(token));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await found).toBe('key');
    expect(directory.find(token)).toMatchObject({ kind: 'key' });
  });
});
