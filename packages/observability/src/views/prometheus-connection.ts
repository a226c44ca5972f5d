import { Agent, request } from 'undici';
import { PrometheusFailure } from './prometheus-failure.ts';
import { readQueryAnswer } from './read-query-answer.ts';
import type { Vector } from './vector.ts';

/** Asks Prometheus one instant query. */
export interface PrometheusConnection {
  /** Rejects with a {@link PrometheusFailure}, at once where the signal is aborted. */
  query(promql: string, signal: AbortSignal): Promise<Vector>;
  /** Closes the connections; the next query opens new ones. */
  close(): void;
}

/** Queries under way at once; the rest of a view waits for its turn. */
const CONNECTIONS = 8;
/** 10,000 series are about 2 MB. */
const MAX_ANSWER_BYTES = 4_000_000;

/** Makes a connection to a Prometheus; throws a TypeError for a URL that cannot be one. */
export function createPrometheusConnection(url: string, timeoutMs: number): PrometheusConnection {
  const { endpoint, authorization } = readUrl(url);
  let agent: Agent | null = null;
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
    ...(authorization === null ? {} : { authorization }),
  };
  return {
    async query(promql, signal) {
      agent ??= new Agent({ connections: CONNECTIONS, pipelining: 1 });
      const body = new URLSearchParams({ query: promql, timeout: `${timeoutMs}ms` }).toString();
      try {
        const answer = await request(endpoint, { method: 'POST', headers, body, signal, dispatcher: agent });
        // A body that is given up reports that as its own error, which nobody else would hear.
        answer.body.on('error', () => undefined);
        if (answer.statusCode !== 200) {
          answer.body.destroy();
          throw new PrometheusFailure('status', `Prometheus answered ${answer.statusCode}`);
        }
        return readQueryAnswer(await readText(answer.body));
      } catch (error) {
        throw toFailure(error, signal);
      }
    },
    close() {
      void agent?.destroy();
      agent = null;
    },
  };
}

function readUrl(text: string): { readonly endpoint: string; readonly authorization: string | null } {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new TypeError('the URL of Prometheus must be one of http: or https:');
  }
  const credentials = readCredentials(url);
  const endpoint = new URL(url.origin);
  endpoint.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`;
  return {
    endpoint: endpoint.href,
    authorization: credentials === ':' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

function readCredentials({ username, password }: URL): string {
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new TypeError('user and password in the URL of Prometheus must be percent-encoded');
  }
}

async function readText(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      body.destroy();
      throw new PrometheusFailure('too_large', `Prometheus answered more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function toFailure(error: unknown, signal: AbortSignal): PrometheusFailure {
  if (error instanceof PrometheusFailure) return error;
  return signal.aborted
    ? new PrometheusFailure('timeout', 'Prometheus did not answer in time')
    : new PrometheusFailure('network', 'Prometheus could not be reached', { cause: error });
}
