import { answers, drops, failsWith, type ScriptFunction } from '@gatewayz/testkit';
import { ADMIN_TOKEN, type GatewayProcess } from './gateway-process.ts';
import type { Fault, StartScenario } from './scenario.ts';
import { FACTOR } from './shorten.ts';
import { startStackGateway, withSpare } from './stack-gateway.ts';
import { askOnce, startTraffic } from './traffic.ts';

/** The breaker's own times, shortened; one success closes it, so that it is half open for a moment alone. */
const SHORT_BREAKER = {
  windowMs: 60_000 / FACTOR,
  openMs: 30_000 / FACTOR,
  maxOpenMs: 300_000 / FACTOR,
  closeAfter: 1,
};
/** A breaker that lets a bad provider go on. */
const NO_BREAKER = { consecutiveFailures: 100_000, failureRatio: 1, minimumSamples: 100_000 };

const failsFourOfFive: ScriptFunction = (_, attempt) => (attempt % 5 === 0 ? answers() : failsWith(500));

async function setBreaker(gateway: GatewayProcess, provider: string, state: string): Promise<void> {
  const response = await fetch(`${gateway.url}/admin/providers/${provider}/breaker`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ state, reason: 'maintenance' }),
  });
  if (!response.ok) throw new Error(`the breaker of ${provider} answered ${response.status}`);
}

/** A provider that goes away, and one that an operator takes out. */
export const startProviders: StartScenario = async (closers) => {
  const { gateway, providers } = await startStackGateway(closers, {
    providers: { primary: ['large'], spare: ['large'], idle: ['small'] },
    config: { models: withSpare(['large']), breaker: SHORT_BREAKER },
  });
  closers.use(startTraffic(gateway, { model: 'large', perSecond: 8 }));
  const down: Fault = {
    alert: 'ProviderDown',
    what: 'a provider resets every connection',
    withinMinutes: 4,
    begin: async () => providers.primary.setDefault(drops()),
    end: async () => providers.primary.setDefault(answers()),
  };
  const open: Fault = {
    alert: 'CircuitBreakerOpen',
    what: 'an operator forces open the breaker of a provider that nobody asks',
    withinMinutes: 5,
    begin: () => setBreaker(gateway, 'idle', 'forced_open'),
    // Given back to itself it would be half open until somebody asks.
    end: async () => {
      await setBreaker(gateway, 'idle', 'forced_closed');
      await setBreaker(gateway, 'idle', 'auto');
    },
  };
  const gateways = [{ address: gateway.address, env: 'providers' }];
  return { env: 'providers', gateways, faults: [[down, open]] };
};

/** A provider that fails most of the time, too little for its breaker. */
export const startDegraded: StartScenario = async (closers) => {
  const { gateway, providers } = await startStackGateway(closers, {
    providers: { primary: ['large'], spare: ['large'] },
    config: { models: withSpare(['large']), breaker: NO_BREAKER },
  });
  closers.use(startTraffic(gateway, { model: 'large', perSecond: 8 }));
  const fault: Fault = {
    alert: 'ProviderDegraded',
    what: 'four in five answers of a provider are 500, and another one takes over',
    withinMinutes: 12,
    begin: async () => providers.primary.setDefault(failsFourOfFive),
    end: async () => providers.primary.setDefault(answers()),
  };
  return { env: 'degraded', gateways: [{ address: gateway.address, env: 'degraded' }], faults: [[fault]] };
};

/** More than a metric may have of them. */
const MANY_NAMES = Array.from({ length: 2020 }, (_, index) => `name-${index}`);

/** Every name for a model that the first provider does not have, and the second has. */
function withManyNames(): Readonly<Record<string, unknown>> {
  const targets = ['primary', 'spare'].map((provider) => ({ provider, model: 'dropped' }));
  return Object.fromEntries(MANY_NAMES.map((name) => [name, { targets }]));
}

/** A model whose only provider limits it, one that is broken at one of its two providers, and more names than a metric has room for. */
export const startModels: StartScenario = async (closers) => {
  const { gateway, providers } = await startStackGateway(closers, {
    providers: { primary: ['fine', 'broken', 'limited', 'dropped'], spare: ['broken', 'dropped'] },
    config: { models: { ...withSpare(['broken']), ...withManyNames() }, breaker: SHORT_BREAKER },
  });
  closers.use(startTraffic(gateway, { model: 'fine', perSecond: 8 }));
  closers.use(startTraffic(gateway, { model: 'broken', perSecond: 4 }));
  closers.use(startTraffic(gateway, { model: 'limited', perSecond: 3 }));
  const limited: Fault = {
    alert: 'NoHealthyTarget',
    what: 'the only provider of a model answers 429',
    withinMinutes: 5,
    begin: async () => providers.primary.setScript('limited', failsWith(429, { retryAfter: 2 })),
    end: async () => providers.primary.setScript('limited', answers()),
  };
  const broken: Fault = {
    alert: 'ModelCircuitBreakerOpen',
    what: 'one model of a provider answers 500, its others do not',
    withinMinutes: 5,
    begin: async () => providers.primary.setScript('broken', failsWith(500)),
    end: async () => providers.primary.setScript('broken', answers()),
  };
  providers.primary.setScript('dropped', failsWith(404));
  const capReached: Fault = {
    alert: 'SeriesCapReached',
    what: 'requests for 2,020 names are passed on by their first provider',
    withinMinutes: 4,
    begin: () => askOnce(gateway, MANY_NAMES),
    end: async () => undefined,
  };
  const gateways = [{ address: gateway.address, env: 'models' }];
  return { env: 'models', gateways, faults: [[limited], [broken], [capReached]] };
};
