import { join } from 'node:path';
import { answers, type FakeProvider, startFakeProvider } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { askPlain, askStream, expectWholeAnswer, expectWholeStream } from './chat.ts';
import { NO_BREAKER, outcomesOf, SHORT_TIMEOUTS } from './fault-stage.ts';

const NAMES = ['public', 'missing', 'failing', 'slow', 'private', 'flipping'];

let behind: FakeProvider;
let stage: Stage<'spare'>;

beforeAll(async () => {
  behind = await startFakeProvider({ byDefault: answers({ headers: { connection: 'close' } }) });
  const toProvider = (name: string): object => ({
    baseUrl: `http://${name}.test:${behind.port}/v1`,
    models: [name],
    allowPrivateAddresses: false,
  });
  const toRoute = (model: string): object => ({
    targets: [model, 'spare'].map((provider) => ({ provider, model })),
  });
  stage = await startStage({
    providers: { spare: {} },
    models: NAMES,
    others: Object.fromEntries(NAMES.map((name) => [name, toProvider(name)])),
    config: {
      timeouts: SHORT_TIMEOUTS,
      breaker: NO_BREAKER,
      models: Object.fromEntries(NAMES.map((name) => [name, toRoute(name)])),
    },
    gateway: { nodeArgs: ['--import', join(import.meta.dirname, 'scripted-names.ts')] },
  });
});

afterAll(async () => {
  await stage.close();
  await behind.close();
});

test('a name that has a public address is connected to', async () => {
  const answer = await askPlain(stage.gateway, { model: 'public' });
  expectWholeAnswer(answer);
  expect(answer.provider).toBe('public');
});

test.each([
  ['Provider: DNS missing → next target, outcome network', 'missing', 'network'],
  ['Provider: DNS failing → next target, outcome network', 'failing', 'network'],
  ['Provider: DNS slow → connect deadline, next target, outcome timeout', 'slow', 'timeout'],
  [
    'Provider: DNS flipping to a private address → a private address is refused at connect',
    'private',
    'network',
  ],
])('%s', async (_, model, outcome) => {
  behind.clear();
  const plain = await askPlain(stage.gateway, { model });
  const stream = await askStream(stage.gateway, { model });
  expectWholeAnswer(plain);
  expectWholeStream(stream);
  expect([plain.provider, stream.provider]).toEqual(['spare', 'spare']);
  expect(behind.log).toEqual([]);
  expect(outcomesOf(await settledMetrics(stage.gateway), model)).toEqual({ [outcome]: 2 });
});

test('Provider: DNS flipping to a private address → refused from then on, though it was public once', async () => {
  const model = 'flipping';
  const answered = [];
  for (let request = 0; request < 3; request += 1) answered.push(await askPlain(stage.gateway, { model }));
  for (const answer of answered) expectWholeAnswer(answer);
  expect(answered.map(({ provider }) => provider)).toEqual(['flipping', 'spare', 'spare']);
  expect(outcomesOf(await settledMetrics(stage.gateway), model)).toEqual({ success: 1, network: 2 });
});
