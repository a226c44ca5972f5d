import { randomUUID } from 'node:crypto';
import { createRegistry } from '@gatewayz/metrics';
import {
  createHttpMetrics,
  createInferenceMetrics,
  createMoneyMetrics,
  createProviderMetrics,
} from '@gatewayz/observability';
import type { Logger, Trace, Tracing } from '@gatewayz/telemetry';

/** Where the lines and the spans of requests go. */
export interface RequestSinks {
  readonly logger: Logger;
  readonly tracing: Tracing | null;
}

// Rooms import each other by name, and the gateway's own modules have none: these are loaded by their place.
interface GatewayModules {
  createSignals(parts: object): { requestEnded(exchange: object): void };
  createExplanations(capacity: number): object;
  createTestProvider(name: string, fixture: object): { target(model: string): object };
  toAnswerHeaders(arrival: object, attempts: readonly object[], rules: object): readonly string[];
}

async function loadGateway(): Promise<GatewayModules> {
  const files = [
    'events.ts',
    'explanations.ts',
    'providers/provider-fixture.ts',
    'inference/exchange-headers.ts',
  ];
  const modules: readonly object[] = await Promise.all(
    files.map((file) => import(new URL(`../../apps/gateway/src/${file}`, import.meta.url).href)),
  );
  return Object.assign({}, ...modules) as GatewayModules;
}

const MODEL = 'meta-llama/llama-3.3-70b-instruct';
const ENDPOINT = { route: '/v1/chat/completions', operation: 'chat' };
const PICK = { isLeastBad: false, admission: { kind: 'admitted' } };
const REQUEST = { model: MODEL, stream: false, parsed: { max_tokens: 256 } };
const CALLER = { keyId: 'configured:0', userId: '' };
const LEASE = { headers: [], end: (): void => {} };
const RESPONSE = { statusCode: 200 };
const IDS: readonly string[] = Array.from({ length: 10_000 }, () => randomUUID());

interface EndedRequest {
  readonly target: object;
  readonly trace: Trace | null;
  readonly at: number;
}

/** A plain request after its one attempt, with the fields that the gateway's own has for its signals. */
function toExchange({ target, trace, at }: EndedRequest): {
  readonly arrival: object;
  readonly attempts: object[];
} {
  const endedAt = performance.now();
  const startedAt = endedAt - 2 - (at % 97) / 7;
  const attempt = {
    target,
    pick: PICK,
    outcome: 'success',
    failure: null,
    answer: null,
    spanId: '',
    startedAt: startedAt + 0.3,
    firstByteAt: endedAt - 0.4,
    endedAt: endedAt - 0.2,
  };
  const usage = { inputTokens: (at * 37) % 4_000, outputTokens: (at * 91) % 900 };
  const bill = {
    usage,
    isEstimated: false,
    costMicroUsd: (at * 13) % 977,
    creditsMicro: 0,
    match: 'configured',
  };
  const arrival = {
    endpoint: ENDPOINT,
    route: { label: MODEL },
    request: REQUEST,
    response: RESPONSE,
    id: IDS[at % IDS.length] ?? '',
    caller: CALLER,
    lease: LEASE,
    trace,
    times: {
      receivedAt: startedAt,
      authenticatedAt: startedAt,
      bodyReadAt: startedAt,
      parsedAt: startedAt + 0.1,
    },
  };
  return {
    arrival,
    endpoint: ENDPOINT,
    attempts: [attempt],
    candidates: [],
    outcome: 'success',
    wantsStream: false,
    stream: null,
    streamEnd: null,
    usage,
    finishReasons: ['stop'],
    firstCallAt: startedAt + 0.2,
    endedAt,
    restedMs: 0,
    payment: { bill, times: [], isReserved: false },
  } as { readonly arrival: object; readonly attempts: object[] };
}

/**
 * Makes the function that begins and ends one request as the gateway does, without the network: its trace, the
 * headers of its answer, and everything that its end becomes.
 */
export async function createEndedRequests({ logger, tracing }: RequestSinks): Promise<(at: number) => void> {
  const gateway = await loadGateway();
  const registry = createRegistry();
  const metrics = {
    inference: createInferenceMetrics(registry),
    providers: createProviderMetrics(registry),
    money: createMoneyMetrics(registry),
  };
  const signals = gateway.createSignals({
    http: createHttpMetrics(registry, { appName: 'gatewayz' }),
    explanations: gateway.createExplanations(1_000),
    logger,
    tracing,
    onUnexpected(error: unknown): void {
      throw error;
    },
    ...metrics,
  });
  const targets = ['groq', 'openrouter', 'cerebras', 'together'].map((name) =>
    gateway.createTestProvider(name, { ...metrics, metrics: metrics.providers }).target(MODEL),
  );
  return (at) => {
    const trace = tracing?.begin({}) ?? null;
    const target = targets[at % targets.length] ?? {};
    const exchange = toExchange({ target, trace, at });
    gateway.toAnswerHeaders(exchange.arrival, exchange.attempts, { tracing });
    signals.requestEnded(exchange);
  };
}
