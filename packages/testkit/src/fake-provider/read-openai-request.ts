import type { HttpRequest } from './http-request-parser.ts';

export type Endpoint = 'chat' | 'completions' | 'embeddings' | 'models';

/** A request that the provider understood. */
export interface ProviderRequest {
  readonly endpoint: Endpoint;
  readonly http: HttpRequest;
  /** The parsed body; empty for `models`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Empty for `models`. */
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Why a request was refused, ready to be sent in OpenAI's shape. */
export interface OpenaiRefusal {
  readonly status: number;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

export type OpenaiReading =
  | { readonly ok: true; readonly request: ProviderRequest }
  | { readonly ok: false; readonly refusal: OpenaiRefusal };

type Json = Readonly<Record<string, unknown>>;

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
  '/v1/models': 'models',
};
const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An OpenAI-shaped refusal; the type follows from the status. */
export function toRefusal(
  status: number,
  message: string,
  param: string | null = null,
  code: string | null = null,
): OpenaiRefusal {
  return { status, error: { message, type: 'invalid_request_error', param, code } };
}

function isContent(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every(isObject));
}

function messageProblem(message: unknown, index: number): OpenaiRefusal | null {
  const at = `messages[${index}]`;
  if (!isObject(message)) return toRefusal(400, `${at} must be an object`, at);
  if (typeof message.role !== 'string' || !ROLES.has(message.role)) {
    return toRefusal(400, `${at}.role is not a known role`, `${at}.role`);
  }
  const mayLackContent = message.role === 'assistant' && Array.isArray(message.tool_calls);
  if (isContent(message.content) || (mayLackContent && (message.content ?? null) === null)) return null;
  return toRefusal(400, `${at}.content must be a string or a list of parts`, `${at}.content`);
}

function messagesProblem(messages: unknown): OpenaiRefusal | null {
  if (!Array.isArray(messages) || messages.length === 0) {
    return toRefusal(400, 'messages must be a list with at least one message', 'messages');
  }
  for (const [index, message] of messages.entries()) {
    const problem = messageProblem(message, index);
    if (problem !== null) return problem;
  }
  return null;
}

function isTextInput(value: unknown): boolean {
  if (typeof value === 'string') return true;
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}

function inputProblem(endpoint: Endpoint, json: Json): OpenaiRefusal | null {
  if (endpoint === 'chat') return messagesProblem(json.messages);
  const name = endpoint === 'completions' ? 'prompt' : 'input';
  return isTextInput(json[name]) ? null : toRefusal(400, `${name} must be a string or a list of them`, name);
}

function streamProblem(json: Json): OpenaiRefusal | null {
  if (json.stream !== undefined && json.stream !== null && typeof json.stream !== 'boolean') {
    return toRefusal(400, 'stream must be a boolean', 'stream');
  }
  if (json.stream_options === undefined || json.stream_options === null) return null;
  if (json.stream !== true || !isObject(json.stream_options)) {
    return toRefusal(400, 'stream_options is only allowed when stream is true', 'stream_options');
  }
  return null;
}

function readJson(http: HttpRequest): Json | OpenaiRefusal {
  const contentType = http.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    return toRefusal(415, `Expected content-type application/json, received ${JSON.stringify(contentType)}`);
  }
  try {
    const json: unknown = JSON.parse(http.body.toString('utf8'));
    if (isObject(json)) return json;
  } catch {
    // refused below, like JSON that is not an object
  }
  return toRefusal(400, 'The body is not a JSON object');
}

function isRefusal(value: Json | OpenaiRefusal): value is OpenaiRefusal {
  return typeof value.status === 'number' && isObject(value.error);
}

function readBody(endpoint: Endpoint, http: HttpRequest): OpenaiReading {
  const json = readJson(http);
  if (isRefusal(json)) return { ok: false, refusal: json };
  const { model } = json;
  if (typeof model !== 'string' || model === '') {
    return { ok: false, refusal: toRefusal(400, 'model must be a non-empty string', 'model') };
  }
  const problem = inputProblem(endpoint, json) ?? streamProblem(json);
  if (problem !== null) return { ok: false, refusal: problem };
  const includeUsage = isObject(json.stream_options) && json.stream_options.include_usage === true;
  return {
    ok: true,
    request: { endpoint, http, json, model, stream: json.stream === true, includeUsage },
  };
}

function keyProblem(http: HttpRequest, keys: readonly string[]): OpenaiRefusal | null {
  if (keys.length === 0 || keys.some((key) => http.headers.authorization === `Bearer ${key}`)) return null;
  return toRefusal(401, 'Incorrect API key provided', null, 'invalid_api_key');
}

/** The endpoint of a path, or null. */
export function toEndpoint(path: string): Endpoint | null {
  return Object.hasOwn(ENDPOINTS, path) ? (ENDPOINTS[path] ?? null) : null;
}

/** Judges a request as OpenAI's API would: 404, 405, 401, 415 or 400 with the reason, or what was asked. */
export function readOpenaiRequest(http: HttpRequest, keys: readonly string[]): OpenaiReading {
  const endpoint = toEndpoint(http.path);
  if (endpoint === null) return { ok: false, refusal: toRefusal(404, `Unknown path ${http.path}`) };
  const method = endpoint === 'models' ? 'GET' : 'POST';
  if (http.method !== method) return { ok: false, refusal: toRefusal(405, `Use ${method} for this path`) };
  const refusal = keyProblem(http, keys);
  if (refusal !== null) return { ok: false, refusal };
  if (endpoint !== 'models') return readBody(endpoint, http);
  return { ok: true, request: { endpoint, http, json: {}, model: '', stream: false, includeUsage: false } };
}
