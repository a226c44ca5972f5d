import { GEN_AI, SharedAttributes, type SpanAttributes } from '@gatewayz/telemetry';
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import type { Endpoint } from '../inference/endpoint.ts';
import type { Target } from '../providers/provider.ts';

/** What spans have alike. */
export interface SpanModel {
  readonly name: string;
  readonly shared: SharedAttributes;
}

type OfTarget = (target: Target, endpoint: Endpoint) => SpanModel;

/** What every request's span at an endpoint says. */
export function ofEndpoint(endpoint: Endpoint): SpanModel {
  let model = endpoints.get(endpoint);
  if (model === undefined) {
    model = toModel(`POST ${endpoint.route}`, {
      [ATTR_HTTP_REQUEST_METHOD]: 'POST',
      [ATTR_HTTP_ROUTE]: endpoint.route,
      [ATTR_URL_PATH]: endpoint.route,
      [ATTR_URL_SCHEME]: 'http',
    });
    endpoints.set(endpoint, model);
  }
  return model;
}

const endpoints = new WeakMap<Endpoint, SpanModel>();

/** What an inference's span says of the target that answered last. */
export const ofAnsweringTarget: OfTarget = rememberByTarget(({ provider, model }, { operation }) =>
  toModel('model_inference', {
    [GEN_AI.operationName]: operation,
    [GEN_AI.providerName]: provider.name,
    [GEN_AI.system]: provider.name,
    [GEN_AI.responseModel]: model,
  }),
);

/** What the span of an attempt says of the target that it calls. */
export const ofCalledTarget: OfTarget = rememberByTarget(({ provider, metrics }, { operation }) => {
  const { hostname, port, protocol } = new URL(provider.config.baseUrl);
  return toModel(`attempt ${provider.name}`, {
    [ATTR_HTTP_REQUEST_METHOD]: 'POST',
    [ATTR_SERVER_ADDRESS]: hostname,
    [ATTR_SERVER_PORT]: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
    'ai.provider': provider.name,
    [GEN_AI.operationName]: operation,
    [GEN_AI.requestModel]: metrics.label,
  });
});

/** Targets are made once for each model, and go with their configuration. */
function rememberByTarget(make: OfTarget): OfTarget {
  const targets = new WeakMap<Target, Map<Endpoint, SpanModel>>();
  return (target, endpoint) => {
    let known = targets.get(target);
    if (known === undefined) {
      known = new Map();
      targets.set(target, known);
    }
    let model = known.get(endpoint);
    if (model === undefined) {
      model = make(target, endpoint);
      known.set(endpoint, model);
    }
    return model;
  };
}

function toModel(name: string, attributes: SpanAttributes): SpanModel {
  return { name, shared: new SharedAttributes(attributes) };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
