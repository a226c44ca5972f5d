import { isUtf8 } from 'node:buffer';
import { type ApiError, invalidRequest } from '../http/api-error.ts';
import type { Endpoint } from './endpoint.ts';
import { type BodyLayout, MAX_DEPTH, MAX_FIELDS, type ScanProblem, scanBody } from './scan-body.ts';

/** A client's request, checked as far as the gateway must understand it; the rest of the body is the provider's. */
export interface InferenceRequest {
  readonly body: Buffer;
  readonly layout: BodyLayout;
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly stream: boolean;
  /** Whether the client itself asked for a usage chunk at the end of its stream. */
  readonly wantsUsage: boolean;
}

const MAX_MODEL_LENGTH = 256;

/** Reads a JSON body. Throws an ApiError that names the field at fault. */
export function readInferenceRequest(endpoint: Endpoint, body: Buffer | undefined): InferenceRequest {
  if (body === undefined || body.length === 0) throw invalidRequest('The request has no body.');
  const layout = scanBody(body);
  if (typeof layout === 'string' && layout !== 'malformed') throw scanError(layout);
  const parsed = parseBody(body);
  if (typeof layout === 'string') throw invalidRequest('The body is not valid JSON.');

  const { model, stream = false, stream_options: options = null } = parsed;
  if (typeof model !== 'string' || model.length === 0 || model.length > MAX_MODEL_LENGTH) {
    const message = `"model" must be a string of 1 to ${MAX_MODEL_LENGTH} characters.`;
    throw invalidRequest(message, { param: 'model' });
  }
  if (stream !== null && typeof stream !== 'boolean') {
    throw invalidRequest('"stream" must be true or false.', { param: 'stream' });
  }
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw invalidRequest('"stream_options" must be an object.', { param: 'stream_options' });
  }
  if (stream === true && !endpoint.streams) {
    throw invalidRequest('This endpoint does not stream.', { param: 'stream' });
  }
  endpoint.validate(parsed);
  return {
    body,
    layout,
    parsed,
    model,
    stream: stream === true,
    wantsUsage: options !== null && (options as Record<string, unknown>).include_usage === true,
  };
}

function parseBody(body: Buffer): Readonly<Record<string, unknown>> {
  if (!isUtf8(body)) throw invalidRequest('The body is not valid UTF-8.');
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw invalidRequest('The body is not valid JSON.');
  }
}

function scanError(problem: Exclude<ScanProblem, 'malformed'>): ApiError {
  switch (problem) {
    case 'not_an_object':
      return invalidRequest('The body must be a JSON object.');
    case 'too_deep':
      return invalidRequest(`The body is nested deeper than ${MAX_DEPTH} levels.`);
    case 'too_many_fields':
      return invalidRequest(`The body has more than ${MAX_FIELDS} fields.`);
    case 'duplicate_field':
      return invalidRequest('The body has a field twice.');
    default:
      return problem satisfies never;
  }
}

/** Whether the client itself began the answer: its last message is the assistant's. */
export function endsWithAssistant({ parsed }: InferenceRequest): boolean {
  const last: unknown = Array.isArray(parsed.messages) ? parsed.messages.at(-1) : null;
  return last !== null && typeof last === 'object' && (last as { role?: unknown }).role === 'assistant';
}
