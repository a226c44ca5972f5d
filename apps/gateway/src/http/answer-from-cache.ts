import type { Arrival } from '../inference/exchange.ts';
import { log } from '../log.ts';
import type { ResponseCache } from '../response-cache/response-cache.ts';

/** Gives the kept answer of the same request, free of charge; else goes on to the providers. */
export async function answerFromCache(
  cache: ResponseCache,
  arrival: Arrival,
  askProviders: (arrival: Arrival) => void,
): Promise<void> {
  const { caller, endpoint, route, request, response, lease, id } = arrival;
  const { stream, parsed: body } = request;
  const cacheKey = cache.keyOf({ caller, endpoint: endpoint.route, route: route.label, stream, body });
  const found = cacheKey === null ? null : await cache.find(cacheKey);
  if (found === null || !route.targets.some(({ provider }) => provider.name === found.provider)) {
    askProviders({ ...arrival, cacheKey });
    return;
  }
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
  log('info', 'Request answered from the cache', {
    request_id: id,
    endpoint: endpoint.route,
    model: route.label,
    provider: found.provider,
    key_id: caller.keyId,
  });
}
