import type { KnownCaller } from '../accounts/caller-check.ts';
import type { Route } from '../providers/catalogue.ts';
import { ApiError, invalidRequest } from './api-error.ts';

/** A route as a key may use it: throws where the key is not for the model, or for no provider that serves it. */
export function restrictRoute(route: Route, model: string, caller: KnownCaller | null): Route {
  const key = caller?.key ?? null;
  if (key === null) return route;
  if (key.models !== null && !key.models.has(model)) throw refusal('model', model);
  const { providers } = key;
  if (providers === null) return route;
  const targets = route.targets.filter(({ provider }) => providers.has(provider.name));
  if (targets.length === 0) throw refusal('provider', model);
  return targets.length === route.targets.length ? route : { ...route, targets };
}

/** Fields by which some providers let a request name further models, at prices of their own. */
const OWN_ROUTING = ['models', 'route', 'fallbacks'] as const;

/**
 * Throws where a request of a user's key has its provider choose among other models, for which neither the key's list
 * nor the price of the route would hold. Whatever they hold: a field that stands there twice is read as either.
 */
export function refuseOwnRouting(body: Readonly<Record<string, unknown>>, caller: KnownCaller | null): void {
  if (caller === null || caller.key === null) return;
  for (const field of OWN_ROUTING) {
    if (!Object.hasOwn(body, field)) continue;
    throw invalidRequest(
      `"${field}" cannot be used with this API key: it calls the model that "model" names.`,
      {
        param: field,
        code: 'field_not_allowed',
      },
    );
  }
}

function refusal(what: 'model' | 'provider', model: string): ApiError {
  const whose = what === 'model' ? 'the model' : 'any provider of the model';
  return new ApiError({
    status: 403,
    type: 'permission_error',
    code: `${what}_not_allowed`,
    message: `This API key is not for ${whose} "${model}".`,
    param: 'model',
  });
}
