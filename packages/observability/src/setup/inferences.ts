import type { InferenceMetrics } from '../inference-metrics.ts';
import { type Observation, observationOf } from '../observe-response.ts';
import { beginInferenceCall, type InferenceCall, type InferenceRequest } from './inference-call.ts';
import { OTHER, readLabelName } from './label-names.ts';
import type { ModuleErrors } from './module-errors.ts';
import { ProviderCallTimes } from './provider-call-times.ts';
import type { ProviderPool } from './provider-pool.ts';

/** What is called, and for whom. */
export interface InferenceStart {
  readonly provider: string;
  /** Of a list that the application knows: never what a client sent, unchecked. */
  readonly model: string;
  /** The route pattern; that of `request` where it is left out. */
  readonly endpoint?: string | undefined;
  /** The framework's request (Hono: the context): its stages and the gateway's own time are then measured. */
  readonly request?: object | undefined;
}

export interface InferencesOptions {
  readonly pool: ProviderPool;
  readonly metrics: InferenceMetrics;
  readonly errors: ModuleErrors;
  readonly now: () => number;
}

/** Endpoints that are told apart before the rest becomes `other`. */
const MAX_ENDPOINTS = 200;

/** Creates what begins inferences. */
export function createInferences(options: InferencesOptions): (start: InferenceStart) => InferenceCall {
  const { pool, metrics, errors, now } = options;
  const endpoints = new Set<string>([OTHER]);
  const parts = { errors, now, target: pool.target, failedOver: metrics.failedOver };

  function readEndpoint(name: unknown): string {
    const known = readLabelName(name);
    if (endpoints.has(known)) return known;
    if (endpoints.size > MAX_ENDPOINTS) return OTHER;
    endpoints.add(known);
    return known;
  }
  function toRequest(start: InferenceStart): InferenceRequest {
    const observation = findObservation(start.request);
    const startedAt = now();
    if (observation === undefined) {
      return { endpoint: readEndpoint(start.endpoint), startedAt, times: null };
    }
    observation.calls ??= new ProviderCallTimes(startedAt);
    const endpoint = readEndpoint(start.endpoint ?? observation.route.pattern);
    return { endpoint, startedAt, times: observation.calls };
  }
  return (start) => {
    try {
      return beginInferenceCall(parts, toRequest(start), pool.target(start.provider, start.model));
    } catch (error) {
      errors.note('inference', error);
      return NOTHING;
    }
  };
}

/** Stands for a call that could not be observed. */
const NOTHING: InferenceCall = {
  firstByte: () => undefined,
  firstChunk: () => undefined,
  chunk: () => undefined,
  end: () => false,
  failOver: () => NOTHING,
};

/** Fastify's request holds Node's as `raw`, Hono's context as `env.incoming`; Express's request is Node's. */
function findObservation(request: unknown): Observation | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  const { raw, env } = request as { readonly raw?: unknown; readonly env?: { readonly incoming?: unknown } };
  for (const message of [request, raw, env?.incoming]) {
    if (typeof message !== 'object' || message === null) continue;
    const observation = observationOf(message);
    if (observation !== undefined) return observation;
  }
  return undefined;
}
