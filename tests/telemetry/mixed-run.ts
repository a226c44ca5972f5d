import { randomBytes } from 'node:crypto';
import {
  type Attempt,
  answers,
  cutsAt,
  drops,
  type FakeProvider,
  failsWith,
  hangs,
  type ProviderRequest,
  type RunningGateway,
  readSse,
  type Script,
} from '@gatewayz/testkit';

export const PROVIDERS = ['primary', 'spare'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

type Fate = 'ok' | 'slow' | 'broken' | 'limited' | 'locked' | 'refused' | 'dropped' | 'cut' | 'silent';

const FATES: Readonly<Record<Fate, Script>> = {
  ok: answers({ name: 'ok' }),
  slow: answers({ name: 'slow', text: 'word '.repeat(500), intervalMs: 20 }),
  broken: failsWith(503),
  limited: failsWith(429, { retryAfter: 0 }),
  locked: failsWith(401, { retryAfter: 0 }),
  refused: failsWith(400),
  dropped: drops(),
  cut: cutsAt({ afterBytes: 900 }),
  silent: hangs(),
};

/** One kind of request, and what is to be said of it. */
interface Kind {
  readonly path: '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings';
  readonly stream: boolean;
  readonly fates: Readonly<Record<ProviderName, Fate>>;
  readonly leaves: 'never' | 'waiting' | 'streaming';
  readonly status: number;
  readonly outcome: string;
  readonly level: 'INFO' | 'WARNING' | 'ERROR';
}

const CHAT = { path: '/v1/chat/completions', stream: false, leaves: 'never' } as const;
const GOOD = { status: 200, outcome: 'success', level: 'INFO' } as const;
const both = (fate: Fate): Kind['fates'] => ({ primary: fate, spare: fate });

export const KINDS: Readonly<Record<string, Kind>> = {
  plain: { ...CHAT, ...GOOD, fates: both('ok') },
  stream: { ...CHAT, ...GOOD, stream: true, fates: both('ok') },
  completion: { ...CHAT, ...GOOD, path: '/v1/completions', stream: true, fates: both('ok') },
  embedding: { ...CHAT, ...GOOD, path: '/v1/embeddings', fates: both('ok') },
  failover: { ...CHAT, ...GOOD, fates: { primary: 'broken', spare: 'ok' } },
  'failover of a stream': { ...CHAT, ...GOOD, stream: true, fates: { primary: 'cut', spare: 'ok' } },
  broken: { ...CHAT, fates: both('broken'), status: 502, outcome: 'provider_error', level: 'ERROR' },
  dropped: { ...CHAT, fates: both('dropped'), status: 502, outcome: 'network', level: 'ERROR' },
  silent: {
    ...CHAT,
    fates: { primary: 'broken', spare: 'silent' },
    status: 504,
    outcome: 'timeout',
    level: 'ERROR',
  },
  locked: { ...CHAT, fates: both('locked'), status: 502, outcome: 'credentials', level: 'ERROR' },
  limited: { ...CHAT, fates: both('limited'), status: 429, outcome: 'rate_limited', level: 'WARNING' },
  refused: { ...CHAT, fates: both('refused'), status: 400, outcome: 'caller', level: 'INFO' },
  'left waiting': {
    ...CHAT,
    fates: both('silent'),
    leaves: 'waiting',
    status: 499,
    outcome: 'client_closed',
    level: 'INFO',
  },
  'left streaming': {
    ...CHAT,
    stream: true,
    fates: both('slow'),
    leaves: 'streaming',
    status: 499,
    outcome: 'client_closed',
    level: 'INFO',
  },
};

/** One request of the run; its trace id leads to what was said of it. */
export interface MixedRequest extends Kind {
  readonly kind: string;
  readonly number: number;
  readonly traceId: string;
  readonly parentSpanId: string;
}

/** What the client saw of one request: 499 where it left. */
export interface MixedRecord {
  readonly request: MixedRequest;
  readonly status: number;
  /** Null where no answer came. */
  readonly requestId: string | null;
  readonly traceparent: string | null;
}

/** So many requests of each kind, the kinds taking turns. */
export function planMixedRun(ofEach: number): readonly MixedRequest[] {
  const kinds = Object.entries(KINDS);
  return Array.from({ length: ofEach * kinds.length }, (_, number) => {
    const [kind, what] = kinds[number % kinds.length] as [string, Kind];
    const traceId = randomBytes(16).toString('hex');
    return { ...what, kind, number, traceId, parentSpanId: randomBytes(8).toString('hex') };
  });
}

/** Tells when a request has arrived at a provider. */
export class Arrivals {
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  of(number: number): PromiseWithResolvers<void> {
    const known = this.#waiting.get(number) ?? Promise.withResolvers<void>();
    this.#waiting.set(number, known);
    return known;
  }
}

/** What a provider does with a request, as the request's own prompt says. */
export function mixedScript(
  name: ProviderName,
  arrivals: Arrivals,
): (request: ProviderRequest) => Script | undefined {
  return ({ json }) => {
    const { number, fates } = readPrompt(json);
    arrivals.of(number).resolve();
    return FATES[fates[name]];
  };
}

/** The attempts at all providers in their order, by the number of their request. */
export function attemptsByNumber(
  providers: Readonly<Record<ProviderName, FakeProvider>>,
): ReadonlyMap<number, readonly (Attempt & { readonly provider: ProviderName })[]> {
  const all = PROVIDERS.flatMap((provider) =>
    providers[provider].attempts().map((attempt) => ({ ...attempt, provider })),
  );
  all.sort((a, b) => a.receivedAtMs - b.receivedAtMs);
  return Map.groupBy(all, ({ json }) => readPrompt(json).number);
}

/** Makes one request as it is planned; its trace begins at the client. */
export async function playMixed(
  gateway: RunningGateway,
  request: MixedRequest,
  arrivals: Arrivals,
): Promise<MixedRecord> {
  const leaving = new AbortController();
  const left: MixedRecord = { request, status: 499, requestId: null, traceparent: null };
  const asking = fetch(`${gateway.url}${request.path}`, {
    method: 'POST',
    signal: leaving.signal,
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${request.traceId}-${request.parentSpanId}-01`,
    },
    body: toBody(request),
  });
  if (request.leaves === 'waiting') {
    const gone = asking.catch(() => null);
    await arrivals.of(request.number).promise;
    leaving.abort();
    await gone;
    return left;
  }
  const response = await asking;
  const { headers, status } = response;
  const seen = { requestId: headers.get('x-request-id'), traceparent: headers.get('traceparent') };
  if (request.leaves === 'streaming') {
    const events = readSse(response)[Symbol.asyncIterator]();
    for (let read = 0; read < 3; read += 1) await events.next();
    leaving.abort();
    return { ...left, ...seen };
  }
  await response.arrayBuffer();
  return { request, status, ...seen };
}

function toBody({ path, stream, number, fates }: MixedRequest): string {
  const text = `number ${number} ${JSON.stringify(fates)}`;
  const content = {
    '/v1/chat/completions': { messages: [{ role: 'user', content: text }] },
    '/v1/completions': { prompt: text },
    '/v1/embeddings': { input: text },
  }[path];
  return JSON.stringify({ model: 'large', ...content, ...(stream ? { stream } : {}) });
}

function readPrompt(json: Readonly<Record<string, unknown>>): Pick<MixedRequest, 'number' | 'fates'> {
  const { messages, prompt, input } = json;
  const [message] = Array.isArray(messages) ? (messages as { readonly content: string }[]) : [];
  const text = message?.content ?? String(prompt ?? input ?? '');
  const [, number = '', fates = '{}'] = /number (\d+) (.*)$/.exec(text) ?? [];
  return { number: Number(number), fates: JSON.parse(fates) };
}
