import { answers, failsWith, type RunningGateway } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { chat, headerOf, operationsOf, PATIENT, type RedisStage, startRedisStage } from './redis-stage.ts';

const KEY = 'key-a';
const OPEN_MS = 3000;
/** Trips are read every 400 ms: what is known after two readings is known within a second. */
const READINGS_IN_A_SECOND = 2;

let stage: RedisStage;

beforeAll(async () => {
  const targets = (model: string) => [
    { provider: 'primary', model },
    { provider: 'primary', model: 'large' },
  ];
  stage = await startRedisStage({
    gateways: 2,
    keys: [KEY],
    models: ['large', 'small', 'tiny'],
    provider: { models: { small: answers(), tiny: answers() } },
    config: {
      models: { chat: { targets: targets('small') }, talk: { targets: targets('tiny') } },
      breaker: { consecutiveFailures: 3, minimumSamples: 1000, openMs: OPEN_MS, jitter: 0, closeAfter: 2 },
      retries: { budgetRatio: 1 },
    },
  });
});

afterAll(() => stage[Symbol.asyncDispose]());

async function stateOf(gateway: RunningGateway, model: string): Promise<string | undefined> {
  const states = (await gateway.metrics()).series('gatewayz_model_circuit_breaker_state', { model });
  return states.find(({ value }) => value === 1)?.labels.state;
}

/** Asks until the model's breaker has opened here; every client gets its answer, of the other model then. */
async function trip(gateway: RunningGateway, name: string, model: string): Promise<void> {
  stage.provider.setScript(model, failsWith(503));
  for (let failures = 0; failures < 3; failures++)
    expect(headerOf(await chat(gateway, KEY, { model: name }), 'x-gatewayz-model')).toBe('large');
  expect(await stateOf(gateway, model)).toBe('open');
}

test('a trip at one gateway is known at the other within a second, which leaves the target alone', async () => {
  await trip(stage.gateway, 'chat', 'small');
  const before = await operationsOf(stage.other, 'breakers_read');
  await vi.waitUntil(async () => {
    const readings = await operationsOf(stage.other, 'breakers_read');
    if ((await stateOf(stage.other, 'small')) === 'open') return true;
    expect(readings - before).toBeLessThan(READINGS_IN_A_SECOND);
    return false;
  }, PATIENT);
  stage.provider.clear();
  const answer = await chat(stage.other, KEY, { model: 'chat' });
  expect([answer.status, headerOf(answer, 'x-gatewayz-attempts')]).toEqual([200, '1']);
  expect(stage.provider.attempts('small')).toEqual([]);
});

test('when the target is well again both gateways use it, after the probes of one', async () => {
  stage.provider.setScript('small', answers());
  await vi.waitFor(async () => {
    expect(headerOf(await chat(stage.gateway, KEY, { model: 'chat' }), 'x-gatewayz-model')).toBe('small');
    expect(await stateOf(stage.gateway, 'small')).toBe('closed');
  }, PATIENT);
  await vi.waitFor(async () => expect(await stateOf(stage.other, 'small')).toBe('closed'), PATIENT);
  expect(headerOf(await chat(stage.other, KEY, { model: 'chat' }), 'x-gatewayz-model')).toBe('small');
});

test('without Redis each gateway goes by what it sees, and a trip is told when Redis is back', async () => {
  await stage.killRedis();
  await trip(stage.gateway, 'talk', 'tiny');
  const answer = await chat(stage.other, KEY, { model: 'talk' });
  expect([answer.status, headerOf(answer, 'x-gatewayz-attempts')]).toEqual([200, '2']);
  expect(await stateOf(stage.other, 'tiny')).toBeUndefined();
  await stage.startRedisAgain();
  await vi.waitFor(async () => {
    await trip(stage.gateway, 'talk', 'tiny');
    expect(await stateOf(stage.other, 'tiny')).toBe('open');
  }, PATIENT);
});
