import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { ProviderConfig } from '@gatewayz/config';
import { createRegistry, respondWithMetrics } from '@gatewayz/metrics';
import {
  createHttpMetrics,
  createInferenceMetrics,
  createMoneyMetrics,
  createProviderMetrics,
  type InferenceMetrics,
  type MoneyMetrics,
  type ProviderMetrics,
} from '@gatewayz/observability';
import { createRetryBudget, type RetryBudget } from '@gatewayz/provider-health';
import { createLogger } from '@gatewayz/telemetry';
import type { Dispatcher } from 'undici';
import { createBilling } from '../billing/billing.ts';
import { createSignals } from '../events.ts';
import { createExplanations, type Explanations } from '../explanations.ts';
import type { Target } from '../providers/provider.ts';
import { createTestProvider, TEST_TIMEOUTS } from '../providers/provider-fixture.ts';
import { createRouter, type Router } from '../routing/router.ts';
import type { Caller } from './caller.ts';
import { ENDPOINTS, type Endpoint } from './endpoint.ts';
import { type Arrival, Exchange, type ExchangeRules } from './exchange.ts';
import { readInferenceRequest } from './inference-request.ts';

/** One call of a provider: the test plays its answer. */
export class FakeCall {
  readonly provider: string;
  readonly body: Readonly<Record<string, unknown>>;
  abortedBy: Error | null = null;
  paused = false;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #controller: Dispatcher.DispatchController;

  constructor(provider: string, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.provider = provider;
    this.body = JSON.parse(String(options.body));
    this.#handler = handler;
    this.#controller = {
      abort: (reason: Error): void => {
        this.abortedBy = reason;
      },
      pause: (): void => {
        this.paused = true;
      },
      resume: (): void => {
        this.paused = false;
      },
    } as unknown as Dispatcher.DispatchController;
  }

  connect(): void {
    this.#handler.onRequestStart?.(this.#controller, null);
  }

  begin(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.connect();
    this.#handler.onResponseStart?.(this.#controller, status, headers);
  }

  data(text: string): void {
    this.#handler.onResponseData?.(this.#controller, Buffer.from(text));
  }

  end(): void {
    this.#handler.onResponseEnd?.(this.#controller, {});
  }

  fail(code: string): void {
    this.#handler.onResponseError?.(this.#controller, Object.assign(new Error(code), { code }));
  }

  /** Answers as a whole. */
  answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
    this.begin(status, headers);
    this.data(body);
    this.end();
  }
}

/** Real parts around exchanges, but for the network to the providers. */
export interface ExchangeStage extends AsyncDisposable {
  readonly targets: readonly Target[];
  readonly explanations: Explanations;
  readonly budget: RetryBudget;
  /** The router in use: a test may break it. */
  readonly router: Router;
  /** Errors that nothing expected. */
  readonly unexpected: readonly unknown[];
  /** Calls that no test has looked at yet. */
  readonly calls: FakeCall[];
  /** A client asks; resolves once the exchange has begun. */
  ask(body?: object): Promise<{ readonly client: Socket; readonly exchange: Exchange }>;
  /** The next call of a provider. */
  call(): Promise<FakeCall>;
  /** A value of `/metrics`, its labels in their order; 0 where there is none. */
  metric(series: string): Promise<number>;
}

interface Metrics {
  readonly inference: InferenceMetrics;
  readonly providers: ProviderMetrics;
  readonly money: MoneyMetrics;
}

function openTargets(
  names: readonly string[],
  calls: FakeCall[],
  { inference, providers, money }: Metrics,
  prices: ProviderConfig['prices'],
): Target[] {
  return names.map((name) => {
    const dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
      calls.push(new FakeCall(name, options, handler));
      return true;
    };
    return createTestProvider(name, {
      config: { prices },
      dispatch,
      inference,
      metrics: providers,
      money,
    }).target('large');
  });
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Who asks, and what that costs. */
interface ExchangeClient {
  readonly caller?: Caller;
  readonly prices?: ProviderConfig['prices'];
}

/** Starts a server whose every request becomes an exchange with these providers, in order of preference. */
export async function startExchanges(
  names: readonly string[],
  more: Partial<ExchangeRules> = {},
  { caller = { keyId: 'configured:0', userId: '' }, prices = {} }: ExchangeClient = {},
): Promise<ExchangeStage> {
  const registry = createRegistry();
  const http = createHttpMetrics(registry, { appName: 'test' });
  const metrics = {
    inference: createInferenceMetrics(registry),
    providers: createProviderMetrics(registry),
    money: createMoneyMetrics(registry),
  };
  const explanations = createExplanations(10);
  const logger = createLogger({ app: 'test', level: 'silent' });
  const unexpected: unknown[] = [];
  const onUnexpected = (error: unknown): void => void unexpected.push(error);
  const { tracing = null } = more;
  const signals = createSignals({ http, explanations, logger, tracing, onUnexpected, ...metrics });
  const calls: FakeCall[] = [];
  const targets = openTargets(names, calls, metrics, prices);
  const budget = more.budget ?? createRetryBudget();
  const rules: ExchangeRules = {
    timeouts: TEST_TIMEOUTS,
    limits: { answerBytes: 100_000, eventBytes: 100_000 },
    retries: { attempts: 2, budgetRatio: 0.2, maxWaitMs: 2000 },
    writeTimeoutMs: 1000,
    continuation: true,
    router: createRouter({ strategy: 'priority', exploreRatio: 0 }, Math.random, signals.passedOver),
    budget,
    billing: createBilling({
      books: null,
      creditsPerUsd: 1,
      defaultOutputTokens: 1024,
      totalMs: TEST_TIMEOUTS.totalMs,
      epochNow: Date.now,
      unpriced: 'refuse',
      onError: onUnexpected,
      onDisbelief: () => {},
    }),
    cache: null,
    tracing: null,
    tracesToProviders: false,
    signals,
    onUnexpected,
    ...more,
  };
  const server = await listen();
  const clients: Socket[] = [];
  let asked = 0;

  return {
    targets,
    explanations,
    budget,
    unexpected,
    router: rules.router,
    calls,
    async ask(body = {}) {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
      clients.push(client);
      client.on('error', () => {});
      client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
      asked += 1;
      const exchange = begin(rules, targets, response, { id: `req-${asked}`, caller }, body);
      return { client, exchange };
    },
    async call() {
      while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return calls.shift() as FakeCall;
    },
    async metric(series) {
      const { body } = await respondWithMetrics(registry, {});
      const line = body
        .toString('utf8')
        .split('\n')
        .find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length) ?? 0);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function begin(
  rules: ExchangeRules,
  targets: readonly Target[],
  response: ServerResponse,
  { id, caller }: Pick<Arrival, 'id' | 'caller'>,
  body: object,
): Exchange {
  const endpoint = ENDPOINTS[0] as Endpoint;
  const whole = { model: 'large', messages: [{ role: 'user', content: 'Hi' }], ...body };
  const request = readInferenceRequest(endpoint, Buffer.from(JSON.stringify(whole)));
  const now = performance.now();
  const exchange = new Exchange(rules, {
    endpoint,
    route: { label: 'large', targets, continuation: true },
    request,
    response,
    id,
    caller,
    lease: { headers: [], end: () => {} },
    cacheKey: null,
    trace: rules.tracing?.begin({}) ?? null,
    times: { receivedAt: now, authenticatedAt: now, bodyReadAt: now, parsedAt: now },
  });
  exchange.start();
  return exchange;
}

/** All that a client gets until its connection closes. */
export async function readAll(client: Socket): Promise<string> {
  let text = '';
  for await (const chunk of client) text += chunk;
  return text;
}
