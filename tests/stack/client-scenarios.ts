import { answers, failsWith, type ScriptFunction } from '@gatewayz/testkit';
import type { Fault, Scenario, StartScenario } from './scenario.ts';
import { startStackGateway } from './stack-gateway.ts';
import { startTraffic } from './traffic.ts';

/** So that what fails is a small part of the longer windows of the burn rates. */
const GOOD_SAMPLES = 27;
const NO_RETRIES = { retries: { attempts: 0 } };
/** More than 5% for a while, less than 14.4 times what is allowed. */
const failsOneOf16: ScriptFunction = (_, attempt) => (attempt % 16 === 0 ? failsWith(500) : answers());
const failsTwoOfFive: ScriptFunction = (_, attempt) =>
  [1, 3].includes(attempt % 5) ? failsWith(500) : answers();
/** Longer than the 5 s that the objective allows. */
const SLOW = answers({ delayBeforeHeadersMs: 5500 });
const slowOneOf8: ScriptFunction = (_, attempt) => (attempt % 8 === 0 ? SLOW : answers());
const slowEverySecond: ScriptFunction = (_, attempt) => (attempt % 2 === 0 ? SLOW : answers());

/** One in 16 requests fails: enough for a ticket, and not for a page. */
export const startErrors: StartScenario = async (closers): Promise<Scenario> => {
  const { gateway, providers } = await startStackGateway(closers, {
    providers: { primary: ['large'] },
    config: NO_RETRIES,
  });
  closers.use(startTraffic(gateway, { model: 'large', perSecond: 16 }));
  const fault: Fault = {
    alert: 'HighErrorRate',
    what: 'one in 16 requests ends with 5xx',
    withinMinutes: 12,
    begin: async () => providers.primary.setDefault(failsOneOf16),
    end: async () => providers.primary.setDefault(answers()),
  };
  const gateways = [{ address: gateway.address, env: 'errors' }];
  return { env: 'errors', gateways, faults: [[fault]], goodSamples: GOOD_SAMPLES };
};

/** Two in five requests fail, and every second stream starts late: pages, and the tickets about the same stay silent. */
export const startBurn: StartScenario = async (closers): Promise<Scenario> => {
  const { gateway, providers } = await startStackGateway(closers, {
    providers: { primary: ['large', 'streamed'] },
    config: NO_RETRIES,
  });
  closers.use(startTraffic(gateway, { model: 'large', perSecond: 10 }));
  closers.use(startTraffic(gateway, { model: 'streamed', perSecond: 6, stream: true }));
  const failing: Fault = {
    alert: 'AvailabilityBudgetBurn',
    what: 'one in four requests ends with 5xx',
    withinMinutes: 8,
    begin: async () => providers.primary.setScript('large', failsTwoOfFive),
    end: async () => providers.primary.setScript('large', answers()),
  };
  const late: Fault = {
    alert: 'LatencyBudgetBurn',
    what: 'every second stream starts after 5.5 s',
    withinMinutes: 8,
    unshortenedSeconds: 5.5,
    begin: async () => providers.primary.setScript('streamed', slowEverySecond),
    end: async () => providers.primary.setScript('streamed', answers()),
  };
  return { env: 'burn', gateways: [{ address: gateway.address, env: 'burn' }], faults: [[failing], [late]] };
};

/** One in eight streams of one model starts late. */
export const startLatency: StartScenario = async (closers): Promise<Scenario> => {
  const { gateway, providers } = await startStackGateway(closers, {
    providers: { primary: ['even', 'uneven'] },
  });
  closers.use(startTraffic(gateway, { model: 'even', perSecond: 12, stream: true }));
  closers.use(startTraffic(gateway, { model: 'uneven', perSecond: 3, stream: true }));
  const fault: Fault = {
    alert: 'FirstTokenLatencyHigh',
    what: 'one in eight streams of one model starts after 5.5 s',
    withinMinutes: 14,
    unshortenedSeconds: 5.5,
    begin: async () => providers.primary.setScript('uneven', slowOneOf8),
    end: async () => providers.primary.setScript('uneven', answers()),
  };
  const gateways = [{ address: gateway.address, env: 'latency' }];
  return { env: 'latency', gateways, faults: [[fault]] };
};
