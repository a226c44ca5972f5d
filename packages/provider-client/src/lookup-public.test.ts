import { lookup } from 'node:dns';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { isPrivateAddress, lookupPublic } from './lookup-public.ts';

vi.mock('node:dns', () => ({ lookup: vi.fn() }));

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.255',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.2.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '::10.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:a00:1::1',
  'fc00::1',
  'fd12::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
])('%s is not public', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '100.128.0.1',
  '172.32.0.1',
  '172.15.255.255',
  '192.167.255.255',
  '192.169.0.1',
  '198.20.0.1',
  '223.255.255.255',
  '::ffff:8.8.8.8',
  '2606:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450::1',
])('%s is public', (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

describe('a name', () => {
  const answer = (error: Error | null, ...addresses: string[]): void => {
    vi.mocked(lookup).mockImplementation(((_: string, __: object, callback: (...args: unknown[]) => void) =>
      callback(
        error,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as never);
  };
  const resolve = (all: boolean): unknown[] => {
    const told: unknown[] = [];
    lookupPublic('a.example', { all }, (...args) => told.push(...args));
    return told;
  };

  beforeEach(() => {
    vi.mocked(lookup).mockReset();
  });

  test('resolves to its public addresses, one or all', () => {
    answer(null, '1.1.1.1', '2606:4700::1111');
    expect(resolve(false)).toEqual([null, '1.1.1.1', 4]);
    expect(resolve(true)[1]).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
    expect(vi.mocked(lookup).mock.calls[0]?.[1]).toMatchObject({ all: true });
  });

  test.each([[['127.0.0.1']], [['1.1.1.1', '10.0.0.1']], [[]]])(
    'is refused where its addresses are %j',
    (addresses) => {
      answer(null, ...addresses);
      for (const all of [false, true]) {
        expect(resolve(all)[0]).toMatchObject({ code: 'EREFUSED' });
        expect(resolve(all)[1]).toEqual([]);
      }
    },
  );

  test('that is not found fails as it did', () => {
    const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    vi.mocked(lookup).mockImplementation(((_: string, __: object, callback: (error: Error) => void) =>
      callback(error)) as never);
    expect(resolve(true)[0]).toBe(error);
  });
});
