import type { Signals } from '../events.ts';
import type { Arrival, ExchangeRules } from '../inference/exchange.ts';
import type { CachedAnswer } from '../response-cache/cached-answer.ts';
import type { ResponseCache } from '../response-cache/response-cache.ts';
import { NO_WAITS, toRedisWait } from '../telemetry/request-waits.ts';
import { toShortRequest } from '../telemetry/short-request.ts';
import { limitReading } from './limit-reading.ts';

type CacheRules = Pick<ExchangeRules, 'writeTimeoutMs' | 'tracing'> & {
  readonly signals: Pick<Signals, 'shortRequestEnded'>;
};

/** Gives the kept answer of the same request, free of charge; else goes on to the providers. */
export async function answerFromCache(
  cache: ResponseCache,
  arrival: Arrival,
  rules: CacheRules,
  askProviders: (arrival: Arrival) => void,
): Promise<void> {
  const { caller, endpoint, route, request, response, lease } = arrival;
  const { stream, parsed: body } = request;
  const cacheKey = cache.keyOf({ caller, endpoint: endpoint.route, route: route.label, stream, body });
  const isServed = (answer: Pick<CachedAnswer, 'provider' | 'model'>): boolean =>
    route.targets.some(({ provider, model }) => provider.name === answer.provider && model === answer.model);
  const startMs = performance.now();
  const finding = cacheKey === null ? null : cache.find(cacheKey, isServed);
  const found = await finding;
  const { waits = NO_WAITS } = arrival;
  // What is in memory was not waited for.
  const waited = finding instanceof Promise ? [...waits, toRedisWait('cache_get', startMs)] : waits;
  const keyed = { ...arrival, cacheKey, waits: waited };
  if (found === null && !response.destroyed) {
    askProviders(keyed);
    return;
  }
  lease.end(0);
  const { signals } = rules;
  const model = route.label;
  // The client may have left while the cache was being asked.
  if (found === null || response.destroyed) {
    signals.shortRequestEnded(toShortRequest(keyed, { kind: 'left', model }));
    return;
  }
  giveAgain(found, keyed, rules);
  const { provider } = found;
  signals.shortRequestEnded(toShortRequest(keyed, { kind: 'from_cache', model, provider }));
}

function giveAgain(found: CachedAnswer, arrival: Arrival, { writeTimeoutMs, tracing }: CacheRules): void {
  const { response, lease, id, trace } = arrival;
  response.writeHead(200, [
    'content-type',
    'application/json',
    'content-length',
    String(found.body.length),
    'x-request-id',
    id,
    'x-gatewayz-provider',
    found.provider,
    'x-gatewayz-model',
    found.model,
    'x-gatewayz-attempts',
    '0',
    'x-gatewayz-cache',
    'hit',
    ...lease.headers,
    ...(tracing === null || trace === null ? [] : ['traceparent', tracing.traceparent(trace)]),
  ]);
  response.end(found.body);
  limitReading(response.socket, writeTimeoutMs);
}
