import type { RunningGateway } from '@gatewayz/testkit';

/** An error in OpenAI's shape, with the id that the gateway adds. */
export interface OpenaiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly request_id: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined where the body is not JSON. */
  readonly json: unknown;
  /** Undefined where the body is no error object. */
  readonly error: OpenaiError | undefined;
}

export interface AskOptions {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** A chat request with one user message. */
export function chatBody(content: string, more: Readonly<Record<string, unknown>> = {}): object {
  return { model: 'large', messages: [{ role: 'user', content }], ...more };
}

/** Makes one request, by default a POST of a chat completion, and reads the whole answer. */
export async function ask(gateway: Pick<RunningGateway, 'url'>, options: AskOptions = {}): Promise<Answer> {
  const { path = '/v1/chat/completions', headers = {}, body } = options;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const content = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: content as string }),
  });
  const text = await response.text();
  const json = parse(text);
  const error = (json as { error?: OpenaiError } | undefined)?.error;
  return { status: response.status, headers: response.headers, text, json, error };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
