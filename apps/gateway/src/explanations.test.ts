import { describe, expect, test } from 'vitest';
import { createExplanations, type Explanations } from './explanations.ts';
import type { Exchange } from './inference/exchange.ts';
import { failure } from './inference/failure.ts';

/** A request that a spare answered when the primary had failed. */
function exchange(id: string, keyId = 'configured:0'): Exchange {
  const target = (name: string): object => ({ provider: { name }, model: 'large' });
  const attempts = [
    {
      target: target('primary'),
      pick: { isLeastBad: false, admission: { kind: 'probe' } },
      outcome: 'timeout',
      failure: failure('timeout', 'the first token did not come in time', { phase: 'first_token' }),
      startedAt: 1001.0004,
      firstByteAt: 0,
      endedAt: 1031.5,
    },
    {
      target: target('spare'),
      pick: { isLeastBad: false, admission: { kind: 'yes' } },
      outcome: 'success',
      failure: null,
      startedAt: 1032,
      firstByteAt: 1040,
      endedAt: 1050,
    },
  ];
  return {
    arrival: {
      id,
      caller: { keyId, userId: '' },
      endpoint: { route: '/v1/chat/completions' },
      route: { label: 'large' },
      times: { receivedAt: 1000 },
    },
    wantsStream: true,
    outcome: 'success',
    streamEnd: 'complete',
    endedAt: 1051,
    candidates: [
      { provider: 'primary', model: 'large', score: 0.7, breakerState: 'half_open', isAvailable: true },
    ],
    attempts,
  } as unknown as Exchange;
}

function holding(capacity: number, ...ids: string[]): Explanations {
  const explanations = createExplanations(capacity);
  for (const id of ids) explanations.add(exchange(id));
  return explanations;
}

test('a request is explained by its candidates and its attempts, in milliseconds from its arrival', () => {
  const found = holding(3, 'a').find('a', 'configured:0');
  expect(found).toEqual({
    id: 'a',
    received_at: new Date(performance.timeOrigin + 1000).toISOString(),
    endpoint: '/v1/chat/completions',
    model: 'large',
    stream: true,
    outcome: 'success',
    stream_end: 'complete',
    duration_ms: 51,
    candidates: [
      {
        provider: 'primary',
        model: 'large',
        score: 0.7,
        circuit_breaker_state: 'half_open',
        available: true,
      },
    ],
    attempts: [
      expect.objectContaining({
        provider: 'primary',
        chosen_as: 'half_open_probe',
        outcome: 'timeout',
        timeout: 'first_token',
        status: null,
        detail: 'the first token did not come in time',
        started_ms: 1,
        first_byte_ms: null,
        ended_ms: 31.5,
      }),
      expect.objectContaining({
        provider: 'spare',
        chosen_as: 'best',
        status: 200,
        detail: null,
        first_byte_ms: 40,
      }),
    ],
  });
});

test('the latest requests are kept, and the oldest go first', () => {
  const explanations = holding(3, 'a', 'b', 'c', 'd');
  expect(explanations.find('a', 'configured:0')).toBeNull();
  for (const id of ['b', 'c', 'd']) expect(explanations.find(id, 'configured:0')?.id).toBe(id);
});

describe('nothing is told', () => {
  test('of a request that came with another key', () => {
    const explanations = createExplanations(3);
    explanations.add(exchange('a', 'configured:1'));
    expect(explanations.find('a', 'configured:0')).toBeNull();
    expect(explanations.find('a', 'configured:1')?.id).toBe('a');
  });

  test.each(['', 'b', '__proto__', 'constructor'])('of the id %j', (id) => {
    expect(holding(3, 'a').find(id, 'configured:0')).toBeNull();
  });
});
