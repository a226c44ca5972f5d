import { describe, expect, it } from 'vitest';
import { candidateNames } from './http/candidates.ts';
import { readOptions } from './options.ts';

describe('readOptions', () => {
  it('runs everything and writes the page where nothing is asked for', () => {
    const { http, registry, poller, profile, write } = readOptions([]);
    expect(http?.map(({ candidates, scenarios }) => [candidates, scenarios.length])).toEqual([
      [['direct', 'bare', 'gatewayz', 'portkey'], 8],
      [['no-ledger', 'sqlite', 'postgres'], 4],
      [['gatewayz', 'logs', 'traces-1', 'traces-100'], 4],
      [['gatewayz', 'workers-2'], 4],
    ]);
    expect(new Set(http?.flatMap(({ candidates }) => candidates))).toEqual(new Set(candidateNames));
    expect(registry?.sizes).toEqual([1000, 10_000, 50_000]);
    expect(poller).toEqual({ polls: 1000, runs: 5 });
    expect(profile).toBeNull();
    expect(write).toBe(true);
  });

  it.each([[['--quick']], [['http', '--connections', '16']], [['http', '--seconds', '1']]])(
    'does not write the page for %j',
    (words) => {
      expect(readOptions(words).write).toBe(false);
    },
  );

  it('writes the page for a narrowed run that asks for it', () => {
    expect(readOptions(['--quick', '--write']).write).toBe(true);
    expect(readOptions(['--no-write']).write).toBe(false);
  });

  it('takes one part by its name or by --only', () => {
    expect(readOptions(['registry']).http).toBeNull();
    expect(readOptions(['--only', 'http']).registry).toBeNull();
    expect(readOptions(['views', '--quick'])).toMatchObject({
      http: null,
      views: { series: 10_000, rounds: 10 },
    });
    expect(readOptions(['poller', '--polls', '50'])).toMatchObject({
      http: null,
      registry: null,
      poller: { polls: 50, runs: 5 },
    });
  });

  it('keeps to the closed loops at the connections that are asked for', () => {
    const { http } = readOptions(['http', '--connections', '16', '--candidates', 'bare,gatewayz']);
    expect(http).toHaveLength(1);
    expect(http?.[0]?.scenarios.map(({ name }) => name)).toEqual(['plain@16', 'stream@16']);
    expect(http?.[0]?.candidates).toEqual(['bare', 'gatewayz']);
  });

  it('profiles the gateway unless another candidate is named', () => {
    expect(readOptions(['--profile']).profile).toBe('gatewayz');
    expect(readOptions(['http', '--profile', 'bare']).profile).toBe('bare');
  });

  it.each([
    [['--candidates', 'nginx'], 'received nginx'],
    [['--rounds', 'many'], 'received many'],
    [['--scenarios', 'plain@3'], 'received plain@3'],
    [['everything'], 'received everything'],
    [['--fast'], '--fast'],
  ])('refuses %j with the value that it got', (words, said) => {
    expect(() => readOptions(words)).toThrow(said);
  });
});
