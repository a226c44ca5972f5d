import type { Outcome } from '@gatewayz/provider-health';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { providerKey } from './target-key.ts';
import { MINUTE_MS, MODEL, Told } from './test-support/told.ts';
import { VerdictBook } from './verdict.ts';
import { DEFAULT_VERDICT_SETTINGS } from './verdict-settings.ts';

const PROVIDER = providerKey('p');

describe('down and up again', () => {
  test('a target is unknown until it has answered once', () => {
    const told = new Told();
    expect(told.state()).toBe('unknown');
    expect(told.tell('success')).toMatchObject([{ from: 'unknown', to: 'healthy', atMs: MINUTE_MS }]);
  });

  test.each(['provider_error', 'timeout', 'network'] as const)(
    'three times %s in a row is down',
    (outcome) => {
      const told = new Told();
      expect(told.tellAll('success', outcome, outcome)).toBe('healthy');
      expect(told.tell(outcome)).toMatchObject([{ from: 'healthy', to: 'down' }]);
      expect(told.book.get(MODEL)).toMatchObject({ consecutiveFailures: 3, sinceMs: 4 * MINUTE_MS });
    },
  );

  test('a target that never answered is down after three failures too', () => {
    expect(new Told().tellAll('network', 'network', 'network')).toBe('down');
  });

  test('two successes in a row end it, one does not, and failures between them begin anew', () => {
    const told = new Told();
    expect(told.tellAll('network', 'network', 'network', 'success')).toBe('down');
    expect(told.tellAll('network', 'success')).toBe('down');
    expect(told.tellAll('success')).toBe('healthy');
  });

  test('a success between failures keeps a target from being down', () => {
    expect(new Told().tellAll('success', 'network', 'network', 'success', 'network', 'network')).toBe(
      'healthy',
    );
  });
});

describe('whose fault', () => {
  test.each(['caller', 'client_closed', 'gateway'] as const)(
    '%s proves nothing, however often',
    (outcome) => {
      const told = new Told();
      expect(told.tellAll(outcome, outcome, outcome, outcome)).toBe('unknown');
      expect(told.book.get(MODEL)?.lastEvidenceAtMs).toBeNull();
      expect(told.tellAll('network', 'network', outcome, 'network')).toBe('down');
    },
  );

  test.each(['rate_limited', 'credentials'] as const)('%s is degraded and never down', (outcome) => {
    const told = new Told();
    expect(told.tellAll('success', outcome, outcome)).toBe('healthy');
    expect(told.tellAll(outcome, outcome, outcome, outcome, outcome)).toBe(`degraded: ${outcome}`);
    expect(told.tellAll('success')).toBe(`degraded: ${outcome}`);
    expect(told.tellAll('success')).toBe('healthy');
  });

  test('a provider that was down and now refuses us is no longer down', () => {
    const told = new Told();
    expect(told.tellAll('network', 'network', 'network', 'rate_limited')).toBe('down');
    expect(told.tellAll('rate_limited', 'rate_limited')).toBe('degraded: rate_limited');
  });

  test('after refusals it takes three failures again to be down', () => {
    const told = new Told();
    told.tellAll('network', 'network', 'network', 'rate_limited', 'rate_limited', 'rate_limited');
    expect(told.tellAll('network', 'network')).toBe('unknown');
    expect(told.tellAll('network')).toBe('down');
  });

  test('refusals between failures do not hide that it fails', () => {
    expect(new Told().tellAll('timeout', 'rate_limited', 'timeout', 'rate_limited', 'timeout')).toBe('down');
  });

  test('a cause that turns into another is told, for it needs another remedy', () => {
    const told = new Told();
    told.tellAll('rate_limited', 'rate_limited', 'rate_limited');
    expect(told.tell('credentials')).toMatchObject([
      { from: 'degraded', to: 'degraded', verdict: { cause: 'credentials' } },
    ]);
  });
});

describe('degraded', () => {
  test('a fifth of the recent results failing is degraded, until well below', () => {
    const told = new Told();
    for (let index = 0; index < 8; index++) told.tell('success');
    expect(told.tellAll('timeout', 'success')).toBe('healthy');
    expect(told.tellAll('timeout', 'timeout')).toBe('degraded: failing');
    for (let index = 0; index < 17; index++) told.tell('success');
    expect(told.state()).toBe('degraded: failing');
    expect(told.tellAll('success', 'success')).toBe('healthy');
  });

  test('an outage that has ended does not leave the target degraded', () => {
    const told = new Told();
    for (let index = 0; index < 20; index++) told.tell('timeout');
    expect(told.tellAll('success', 'success')).toBe('healthy');
  });

  test('slow answers are degraded before they fail, until well below the line', () => {
    const told = new Told();
    for (let index = 0; index < 5; index++) told.tell('success', { latencyMs: 9000 });
    expect(told.state()).toBe('degraded: slow');
    for (let index = 0; index < 20; index++) told.tell('success', { latencyMs: 7000 });
    expect(told.state()).toBe('degraded: slow');
    for (let index = 0; index < 20; index++) told.tell('success', { latencyMs: 5000 });
    expect(told.state()).toBe('healthy');
  });

  test('how long a list takes says nothing of a model, and it does of the provider', () => {
    const model = new Told();
    const provider = new Told(PROVIDER);
    for (let index = 0; index < 5; index++) {
      model.tell('success', { kind: 'models', latencyMs: 60_000 });
      provider.tell('success', { kind: 'models', latencyMs: 60_000 });
    }
    expect(model.state()).toBe('healthy');
    expect(provider.state()).toBe('degraded: slow');
  });

  test('live traffic of which a third fails is degraded at once', () => {
    const told = new Told();
    told.tell('success', { kind: 'traffic', failedShare: 0.33 });
    expect(told.state()).toBe('degraded: failing');
    told.tell('success', { kind: 'traffic', failedShare: 0.01 });
    expect(told.state()).toBe('healthy');
  });
});

describe('pace', () => {
  test('a streak that would change the verdict is confirmed at once, a failing target is seen often', () => {
    const told = new Told();
    const paceAfter = (outcome: Outcome): string => {
      told.tell(outcome);
      return told.book.paceOf(MODEL);
    };
    const outcomes: Outcome[] = [
      'success',
      'timeout',
      'timeout',
      'timeout',
      'success',
      'success',
      'credentials',
    ];
    expect(outcomes.map(paceAfter)).toEqual([
      'settled',
      'unsettled',
      'unsettled',
      'failing',
      'unsettled',
      'settled',
      'failing',
    ]);
  });
});

test('a provider that is down is watched as closely as a streak, for its check is free', () => {
  const told = new Told(PROVIDER);
  told.tellAll('network', 'network', 'network', 'network');
  expect(told.book.paceOf(PROVIDER)).toBe('unsettled');
  const refused = new Told(PROVIDER);
  refused.tellAll('rate_limited', 'rate_limited', 'rate_limited');
  expect(refused.book.paceOf(PROVIDER)).toBe('failing');
});

test('a target that is not tracked is left aside, also when its probe comes back late', () => {
  const told = new Told();
  told.book.forget(MODEL);
  expect(told.tell('success')).toEqual([]);
  expect(told.book.size).toBe(0);
});

test('whatever comes in, down is entered only by three failures in a row and left only by proof', () => {
  const outcome = fc.constantFrom<Outcome>(
    'success',
    'timeout',
    'network',
    'caller',
    'rate_limited',
    'credentials',
  );
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 200 }), (outcomes) => {
      const told = new Told();
      const heard: Outcome[] = [];
      for (const one of outcomes) {
        heard.push(one);
        for (const change of told.tell(one)) {
          const failures = heard.filter((each) => each !== 'caller');
          if (change.to === 'down') expect(['timeout', 'network']).toContain(one);
          if (change.to === 'healthy' && change.from === 'down') {
            expect(failures.slice(-2)).toEqual(['success', 'success']);
          }
        }
        const tail = heard.filter((each) => each !== 'caller').slice(-3);
        const isThreeFailures =
          tail.length === 3 && tail.every((each) => each === 'timeout' || each === 'network');
        if (isThreeFailures) expect(told.state()).toBe('down');
      }
    }),
  );
});

test('settings that make no sense are refused with their name', () => {
  expect(() => new VerdictBook({ ...DEFAULT_VERDICT_SETTINGS, minimumResults: 21 })).toThrow(
    'minimumResults',
  );
});
