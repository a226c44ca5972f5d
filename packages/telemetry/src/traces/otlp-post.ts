import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** One request to a collector. */
export interface OtlpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  readonly timeoutMs: number;
}

/** What came of it. A redirect is an answer like any other: it is not followed, so headers never leave for elsewhere. */
export type PostResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** '' where the header is missing. */
      readonly retryAfter: string;
      /** Null where it was too long or did not come whole. */
      readonly body: Buffer | null;
    }
  | { readonly kind: 'failed'; readonly reason: string };

const MAX_ANSWER_BYTES = 64 * 1024;

/** Sends one body. Never rejects: refused, reset, silent for `timeoutMs` in all, each is a result. */
export function postOtlp(
  { url, headers, agent, timeoutMs }: OtlpRequest,
  body: Uint8Array,
): Promise<PostResult> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': body.length },
    });
    let answer: Extract<PostResult, { kind: 'answered' }> | null = null;
    const end = (result: PostResult): void => {
      clearTimeout(timer);
      resolve(result);
    };
    // The status has said whether the spans were taken, so what goes wrong after it changes nothing.
    const fail = (reason: string): void => end(answer ?? { kind: 'failed', reason });
    const timer = setTimeout(() => {
      fail('timeout');
      request.destroy();
    }, timeoutMs);
    request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.name));
    request.on('response', (response) => {
      const retryAfter = response.headers['retry-after'] ?? '';
      answer = { kind: 'answered', status: response.statusCode ?? 0, retryAfter, body: null };
      readBody(response, (bytes) => {
        end({ ...(answer as Extract<PostResult, { kind: 'answered' }>), body: bytes });
        if (bytes === null) request.destroy();
      });
    });
    request.end(body);
  });
}

function readBody(response: IncomingMessage, done: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) done(null);
    else chunks.push(chunk);
  });
  response.on('end', () => done(Buffer.concat(chunks)));
  response.on('error', () => done(null));
  response.on('close', () => done(null));
}
