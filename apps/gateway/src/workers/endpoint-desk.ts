import type { Endpoint, EndpointAnswer, EndpointHeaders, Endpoints } from '@gatewayz/observability';
import type { EndpointQuestion, ToPrimary } from './worker-message.ts';

/** A scraper waits no longer than this for the primary process. */
const DEADLINE_MS = 900;
const SHOWN_HEADERS = ['authorization', 'accept', 'accept-encoding'] as const;

const LATE: EndpointAnswer = toAnswer(503, {
  error: {
    message: 'The primary process did not answer in time.',
    type: 'server_error',
    param: null,
    code: 'metrics_unavailable',
  },
});

/** Has the primary process answer `/metrics` and the views, and waits for it no longer than a scraper should. */
export class EndpointDesk {
  readonly #send: (message: Extract<ToPrimary, { kind: 'ask' }>) => void;
  readonly #waiting = new Map<number, (answer: EndpointAnswer) => void>();
  readonly #underWay = new Map<string, Promise<EndpointAnswer>>();
  #questions = 0;

  constructor(send: (message: Extract<ToPrimary, { kind: 'ask' }>) => void) {
    this.#send = send;
  }

  instead(endpoints: Endpoints): Endpoints {
    return { ...endpoints, answer: (endpoint, headers) => this.#answer(toQuestion(endpoint, headers)) };
  }

  answered(question: number, answer: EndpointAnswer): void {
    this.#waiting.get(question)?.(answer);
  }

  /** Those who ask the same at the same time share one answer. */
  #answer(question: EndpointQuestion): Promise<EndpointAnswer> {
    const key = JSON.stringify(question);
    const running = this.#underWay.get(key);
    if (running !== undefined) return running;
    const answer = this.#ask(question).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, answer);
    return answer;
  }

  async #ask({ url, headers }: EndpointQuestion): Promise<EndpointAnswer> {
    this.#questions += 1;
    const question = this.#questions;
    const { promise, resolve } = Promise.withResolvers<EndpointAnswer>();
    this.#waiting.set(question, resolve);
    const timer = setTimeout(() => resolve(LATE), DEADLINE_MS);
    this.#send({ kind: 'ask', question, url, headers });
    const answer = await promise;
    clearTimeout(timer);
    this.#waiting.delete(question);
    // A scraper that comes back over a connection to a worker that hangs would wait for that one.
    return { ...answer, headers: { ...answer.headers, connection: 'close' } };
  }
}

function toQuestion(endpoint: Endpoint, headers: EndpointHeaders): EndpointQuestion {
  const shown = SHOWN_HEADERS.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]];
  });
  return { url: toUrl(endpoint), headers: Object.fromEntries(shown) };
}

function toUrl(endpoint: Endpoint): string {
  if (endpoint.kind === 'metrics') return endpoint.pattern;
  return `${endpoint.pattern.replace(':view', () => endpoint.view)}?${endpoint.query}`;
}

function toAnswer(status: number, content: object): EndpointAnswer {
  const body = Buffer.from(JSON.stringify(content));
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  return { status, headers, body };
}
