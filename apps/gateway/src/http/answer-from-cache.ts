import type { Arrival, ExchangeRules } from '../inference/exchange.ts';
import { log } from '../log.ts';
import type { CachedAnswer } from '../response-cache/cached-answer.ts';
import type { ResponseCache } from '../response-cache/response-cache.ts';
import { limitReading } from './limit-reading.ts';

/** Gives the kept answer of the same request, free of charge; else goes on to the providers. */
export async function answerFromCache(
  cache: ResponseCache,
  arrival: Arrival,
  rules: Pick<ExchangeRules, 'writeTimeoutMs'>,
  askProviders: (arrival: Arrival) => void,
): Promise<void> {
  const { caller, endpoint, route, request, response, lease } = arrival;
  const { stream, parsed: body } = request;
  const cacheKey = cache.keyOf({ caller, endpoint: endpoint.route, route: route.label, stream, body });
  const isServed = (answer: Pick<CachedAnswer, 'provider' | 'model'>): boolean =>
    route.targets.some(({ provider, model }) => provider.name === answer.provider && model === answer.model);
  const found = cacheKey === null ? null : await cache.find(cacheKey, isServed);
  // The client may have left while the cache was being asked.
  if (response.destroyed) lease.end(0);
  else if (found === null) askProviders({ ...arrival, cacheKey });
  else giveAgain(found, arrival, rules.writeTimeoutMs);
}

function giveAgain(found: CachedAnswer, arrival: Arrival, writeTimeoutMs: number): void {
  const { caller, endpoint, route, response, lease, id } = arrival;
  lease.end(0);
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
  ]);
  response.end(found.body);
  limitReading(response.socket, writeTimeoutMs);
  log('info', 'Request answered from the cache', {
    request_id: id,
    endpoint: endpoint.route,
    model: route.label,
    provider: found.provider,
    key_id: caller.keyId,
  });
}
