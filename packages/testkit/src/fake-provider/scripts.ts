import type {
  AnswerScript,
  BodyScript,
  BodySource,
  Delivery,
  DropScript,
  FaultPoint,
  HangScript,
  RawScript,
  Script,
  ScriptFunction,
} from './script.ts';

/** A proper answer, with the given deviations. */
export function answers(options: Omit<AnswerScript, 'kind'> = {}): AnswerScript {
  return { kind: 'answer', ...options };
}

/** A body of one's own, 200 unless `status` says otherwise. */
export function repliesWith(body: BodySource, options: Omit<BodyScript, 'kind' | 'body'> = {}): BodyScript {
  return { kind: 'body', body, ...options };
}

export interface FailureOptions extends Delivery {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
  /** Sent as it is: seconds, a date, garbage. */
  readonly retryAfter?: string | number;
  readonly retryAfterMs?: string | number;
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** An error status with an error body in OpenAI's shape. */
export function failsWith(status: number, options: FailureOptions = {}): BodyScript {
  const { message, type, code = null, param = null, retryAfter, retryAfterMs, ...delivery } = options;
  const error = {
    message: message ?? `The fake provider answers ${status}`,
    type: type ?? ERROR_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param,
    code,
  };
  const headers = {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
    ...delivery.headers,
  };
  return { kind: 'body', name: `error ${status}`, body: { json: { error } }, status, ...delivery, headers };
}

/** 200 with an error object for a body. */
export function failsWith200(message = 'The model is overloaded'): BodyScript {
  const json = { error: { message, type: 'server_error', param: null, code: 'overloaded' } };
  return repliesWith({ json }, { name: 'error in 200' });
}

/** An HTML page, as a proxy in front of a provider sends. */
export function repliesHtml(status = 200): BodyScript {
  const text = '<!doctype html><html><head><title>Bad gateway</title></head><body>nginx</body></html>';
  return repliesWith({ text }, { name: 'html', status, contentType: 'text/html' });
}

/** A chat completion whose list of choices is empty. */
export function repliesWithoutChoices(): BodyScript {
  const json = { id: 'chatcmpl-0', object: 'chat.completion', created: 1, model: 'none', choices: [] };
  return repliesWith({ json }, { name: 'no choices' });
}

/** A redirect; the default status keeps the method. */
export function redirectsTo(location: string, status = 307): BodyScript {
  return repliesWith({ text: '' }, { name: 'redirect', status, headers: { location } });
}

/** A JSON-typed body of that many spaces. */
export function repliesWithBytes(fillBytes: number, options: Delivery = {}): BodyScript {
  return repliesWith({ fillBytes }, { name: 'oversized', ...options });
}

/** The request is accepted and never answered. */
export function hangs(): HangScript {
  return { kind: 'hang' };
}

/** The connection goes away before any byte of an answer. */
export function drops(how: DropScript['how'] = 'reset'): DropScript {
  return { kind: 'drop', how, when: 'always' };
}

/** Goes away on a reused connection only; the first request on each is answered. */
export function dropsReused(otherwise: Script = answers(), how: DropScript['how'] = 'reset'): DropScript {
  return { kind: 'drop', name: 'drop reused', how, when: 'reused', otherwise };
}

/** Bytes straight to the socket. */
export function sendsRaw(bytes: RawScript['bytes'], then: RawScript['then'] = 'end'): RawScript {
  return { kind: 'raw', bytes, then };
}

/** A stream of raw parts, each counted as an event. */
export function streamsRaw(events: readonly (string | Uint8Array)[], options: Delivery = {}): BodyScript {
  return repliesWith({ events }, { name: 'raw stream', ...options });
}

/** Stops sending at that point and leaves the socket open. */
export function stallsAt(at: FaultPoint, options: Omit<AnswerScript, 'kind' | 'fault'> = {}): AnswerScript {
  return answers({ name: 'stall', ...options, fault: { kind: 'stall', at } });
}

/** Destroys the socket at that point of the body. */
export function cutsAt(at: FaultPoint, options: Omit<AnswerScript, 'kind' | 'fault'> = {}): AnswerScript {
  return answers({ name: 'cut', ...options, fault: { kind: 'cut', at } });
}

/** Marsaglia's xorshift, 32 bits. */
function randomShares(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}

/**
 * Plays each script for its share (0…1) of the requests, and `otherwise` for the rest, in an order that the seed
 * fixes.
 */
export function mixes(
  shares: readonly (readonly [share: number, script: Script])[],
  otherwise: Script = answers(),
  seed = 1,
): ScriptFunction {
  const total = shares.reduce((sum, [share]) => sum + share, 0);
  if (!(total <= 1)) throw new RangeError(`Shares add up to ${total}, more than 1`);
  const next = randomShares(seed);
  return () => {
    let left = next();
    for (const [share, script] of shares) {
      left -= share;
      if (left < 0) return script;
    }
    return otherwise;
  };
}

/** Stream noise to put into an answer's `insert`. */
export const noise: {
  readonly malformedJson: string;
  readonly notAnObject: string;
  readonly comment: string;
  readonly eventOnly: string;
  readonly byteOrderMark: string;
  readonly nul: string;
  readonly invalidUtf8: Uint8Array;
  /** One data line of that many bytes of payload, without any line end inside. */
  readonly longLine: (bytes: number) => Uint8Array;
} = {
  malformedJson: 'data: {"id":"x","choices":[{"delta":{"content":"oops\n\n',
  notAnObject: 'data: 42\n\n',
  comment: ': keep-alive\n\n',
  eventOnly: 'event: ping\n\n',
  byteOrderMark: '\uFEFF',
  nul: 'data: \0\n\n',
  invalidUtf8: Buffer.concat([Buffer.from('data: '), Buffer.of(0xff, 0xfe, 0xc0), Buffer.from('\n\n')]),
  longLine: (bytes) => Buffer.concat([Buffer.from('data: '), Buffer.alloc(bytes, 0x61), Buffer.from('\n\n')]),
};
