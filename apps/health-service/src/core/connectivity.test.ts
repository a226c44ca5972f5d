import { describe, expect, test } from 'vitest';
import { ConnectivityWatch, DEFAULT_CONNECTIVITY, isLocalHost } from './connectivity.ts';
import type { ProbeResult } from './types.ts';

const watchOf = (): ConnectivityWatch => new ConnectivityWatch(DEFAULT_CONNECTIVITY);

const failed: ProbeResult = {
  key: { provider: 'p', model: '' },
  kind: 'models',
  outcome: 'network',
  latencyMs: 5,
  atEpochMs: 0,
};

describe('by hosts', () => {
  test('one host that is not reached leaves us unsure, three of them mean that we are offline', () => {
    const watch = watchOf();
    expect(watch.state(0)).toBe('online');
    watch.observe('a.example', 'network', 0);
    watch.observe('a.example', 'network', 1);
    watch.observe('b.example', 'timeout', 2);
    expect(watch.state(2)).toBe('unsure');
    watch.observe('c.example', 'network', 3);
    expect(watch.state(3)).toBe('offline');
  });

  test.each(['success', 'provider_error', 'rate_limited', 'credentials', 'caller'] as const)(
    'an answer that says %s proves that we are online',
    (outcome) => {
      const watch = watchOf();
      for (const host of ['a.example', 'b.example', 'c.example']) watch.observe(host, 'network', 0);
      watch.observe('d.example', outcome, 1);
      expect(watch.state(1)).toBe('online');
    },
  );

  test('many providers down at once are not our network as long as one answers between them', () => {
    const watch = watchOf();
    for (let round = 0; round < 100; round++) {
      watch.observe(`bad${round % 10}.example`, 'network', round * 100);
      watch.observe('good.example', 'success', round * 100 + 50);
      expect(watch.state(round * 100 + 50)).toBe('online');
    }
  });

  test('failures outside the window count no more', () => {
    const watch = watchOf();
    watch.observe('a.example', 'network', 0);
    watch.observe('b.example', 'network', 0);
    watch.observe('c.example', 'network', 120_001);
    expect(watch.state(120_001)).toBe('unsure');
    expect(watch.state(300_000)).toBe('online');
  });

  test('local hosts neither prove nor disprove the way out', () => {
    const watch = watchOf();
    for (const host of ['127.0.0.1:11434', '10.0.0.2', 'ollama:11434']) watch.observe(host, 'network', 0);
    expect(watch.state(0)).toBe('online');
    for (const host of ['a.example', 'b.example', 'c.example']) watch.observe(host, 'network', 0);
    watch.observe('127.0.0.1:11434', 'success', 1);
    expect(watch.state(1)).toBe('offline');
  });

  test('what we stopped ourselves says nothing', () => {
    const watch = watchOf();
    for (const host of ['a.example', 'b.example', 'c.example']) watch.observe(host, 'network', 0);
    watch.observe('d.example', 'client_closed', 1);
    watch.observe('d.example', 'gateway', 1);
    expect(watch.state(1)).toBe('offline');
  });
});

describe('by the check URL', () => {
  test('a failed check is enough, until anything answers', () => {
    const watch = watchOf();
    watch.observeCheck(false, 0);
    expect(watch.state(0)).toBe('offline');
    watch.observeCheck(true, 1);
    expect(watch.state(1)).toBe('online');
    watch.observeCheck(false, 2);
    watch.observe('a.example', 'success', 3);
    expect(watch.state(3)).toBe('online');
  });

  test('an answered check clears hosts that were in doubt', () => {
    const watch = watchOf();
    watch.observe('a.example', 'network', 0);
    watch.observeCheck(true, 1);
    expect(watch.state(1)).toBe('online');
  });
});

describe('blame', () => {
  test('while offline, what failed on the way proves nothing, and what answered counts', () => {
    const watch = watchOf();
    watch.observeCheck(false, 0);
    expect(watch.withoutBlame(failed, 'a.example', 0).outcome).toBe('gateway');
    expect(watch.withoutBlame({ ...failed, outcome: 'timeout' }, 'a.example', 0).outcome).toBe('gateway');
    expect(watch.withoutBlame({ ...failed, outcome: 'provider_error' }, 'a.example', 0).outcome).toBe(
      'provider_error',
    );
  });

  test('a local provider is blamed all the same', () => {
    const watch = watchOf();
    watch.observeCheck(false, 0);
    expect(watch.withoutBlame(failed, '127.0.0.1:8080', 0).outcome).toBe('network');
  });

  test('while online, everything stays as it is', () => {
    expect(watchOf().withoutBlame(failed, 'a.example', 0)).toBe(failed);
  });
});

test('local hosts are told from the others, with port or without', () => {
  const local = [
    'localhost',
    'LOCALHOST:80',
    'x.local',
    '127.9.9.9',
    '172.16.0.1:1',
    '[::1]:80',
    '::1',
    'fd00::1',
  ];
  const others = [
    'api.groq.com',
    'api.groq.com:443',
    '172.32.0.1',
    '8.8.8.8',
    '2606:4700::1111',
    '[2606:4700::1]:443',
  ];
  expect(local.filter((host) => !isLocalHost(host))).toEqual([]);
  expect(others.filter(isLocalHost)).toEqual([]);
});
