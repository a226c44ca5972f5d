import {
  type FakeProvider,
  startFakeProvider,
  type TemporaryFolder,
  temporaryFolder,
} from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { settledMetrics } from '../settled-metrics.ts';
import { type Stage, startStage } from '../stage.ts';
import { makeCertificates } from './certificates.ts';
import { askPlain, askStream, expectWholeAnswer, expectWholeStream } from './chat.ts';
import { NO_BREAKER, outcomesOf, SHORT_TIMEOUTS } from './fault-stage.ts';
import { startSilentFront, startTlsFront, type TlsFront } from './tls-front.ts';

let folder: TemporaryFolder;
let behind: FakeProvider;
let fronts: Readonly<Record<string, TlsFront>>;
let stage: Stage<'spare'>;

beforeAll(async () => {
  folder = await temporaryFolder('gatewayz-certificates-');
  behind = await startFakeProvider();
  const { authorityPath, valid, expired, wrongName, selfSigned } = await makeCertificates(folder.path);
  fronts = {
    valid: await startTlsFront(valid, behind.port),
    expired: await startTlsFront(expired, behind.port),
    'wrong-name': await startTlsFront(wrongName, behind.port),
    'self-signed': await startTlsFront(selfSigned, behind.port),
    hanging: await startSilentFront(),
  };
  const names = Object.keys(fronts);
  stage = await startStage({
    providers: { spare: {} },
    models: names,
    others: Object.fromEntries(names.map((name) => [name, { baseUrl: fronts[name]?.url, models: [name] }])),
    config: {
      timeouts: SHORT_TIMEOUTS,
      breaker: NO_BREAKER,
      models: Object.fromEntries(names.map((model) => [model, toRoute(model)])),
    },
    gateway: { env: { NODE_EXTRA_CA_CERTS: authorityPath } },
  });
});

afterAll(async () => {
  await stage.close();
  await Promise.all(Object.values(fronts).map((front) => front.close()));
  await behind.close();
  await folder.dispose();
});

function toRoute(model: string): object {
  return { targets: [model, 'spare'].map((provider) => ({ provider, model })) };
}

test('a certificate that can be trusted is', async () => {
  const plain = await askPlain(stage.gateway, { model: 'valid' });
  const stream = await askStream(stage.gateway, { model: 'valid' });
  expectWholeAnswer(plain);
  expectWholeStream(stream);
  expect([plain.provider, stream.provider]).toEqual(['valid', 'valid']);
  expect(behind.attempts()).toHaveLength(2);
});

test.each([
  ['Provider: TLS expired → no request is sent, next target, outcome network', 'expired', 'network'],
  ['Provider: TLS wrong name → no request is sent, next target, outcome network', 'wrong-name', 'network'],
  ['Provider: TLS self-signed → no request is sent, next target, outcome network', 'self-signed', 'network'],
  ['Provider: TLS hanging handshake → connect deadline, next target, outcome timeout', 'hanging', 'timeout'],
])('%s', async (_, model, outcome) => {
  behind.clear();
  const plain = await askPlain(stage.gateway, { model });
  const stream = await askStream(stage.gateway, { model });
  expectWholeAnswer(plain);
  expectWholeStream(stream);
  expect([plain.provider, stream.provider]).toEqual(['spare', 'spare']);
  expect(behind.log).toEqual([]);
  expect(fronts[model]?.connections().accepted).toBeGreaterThan(0);
  const metrics = await settledMetrics(stage.gateway);
  expect(outcomesOf(metrics, model)).toEqual({ [outcome]: 2 });
  await vi.waitFor(() => expect(fronts[model]?.connections().open).toBe(0), { timeout: 5000 });
});
