import {
  answers,
  cutsAt,
  drops,
  failsWith,
  failsWith200,
  hangs,
  type ProviderRequest,
  repliesHtml,
  type Script,
  stallsAt,
} from '@gatewayz/testkit';
import { randomNumbers } from '../junk.ts';

export const PROVIDERS = ['alpha', 'beta', 'gamma'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

const SLOW = { text: 'word '.repeat(500), intervalMs: 20 };

export type Fate =
  | 'ok'
  | 'ok without usage'
  | 'ok with hostile usage'
  | 'ok without done'
  | 'slow'
  | 'broken'
  | 'overloaded'
  | 'limited'
  | 'locked'
  | 'refused'
  | 'unknown'
  | 'error in 200'
  | 'html'
  | 'dropped'
  | 'cut at once'
  | 'cut later'
  | 'closed'
  | 'stalled'
  | 'silent';

/** What a provider does with a request, by the name that the request's plan holds. */
const FATES: Readonly<Record<Fate, Script>> = {
  ok: answers({ name: 'ok' }),
  'ok without usage': answers({ name: 'ok', usage: 'absent' }),
  'ok with hostile usage': answers({
    name: 'ok',
    usage: { value: { prompt_tokens: -5, completion_tokens: 1e30 } },
  }),
  'ok without done': answers({ name: 'ok', done: 'missing' }),
  slow: answers({ name: 'ok', ...SLOW }),
  broken: failsWith(500),
  overloaded: failsWith(503),
  // At once, so that no provider is left out for a time and the plan is played to its end.
  limited: failsWith(429, { retryAfter: 0 }),
  locked: failsWith(401, { retryAfter: 0 }),
  refused: failsWith(400, { message: 'no such parameter' }),
  unknown: failsWith(404),
  'error in 200': failsWith200(),
  html: repliesHtml(),
  dropped: drops(),
  'cut at once': cutsAt({ afterEvents: 0 }),
  'cut later': cutsAt({ afterBytes: 900 }),
  closed: answers({ name: 'closed', fault: { kind: 'close', at: { afterBytes: 900 } } }),
  stalled: stallsAt({ afterBytes: 900 }),
  silent: hangs(),
};

/** The fates of a stream in its middle, for bodies that are shorter. */
const IN_A_SHORT_BODY: Readonly<Partial<Record<Fate, Script>>> = {
  'cut later': cutsAt({ afterBytes: 60 }),
  closed: answers({ name: 'closed', fault: { kind: 'close', at: { afterBytes: 60 } } }),
  stalled: stallsAt({ afterBytes: 60 }),
};

/** One request of the run, fixed before it begins. */
export interface PlannedRequest {
  readonly id: string;
  readonly endpoint: 'chat' | 'completions' | 'embeddings';
  /** `chat` is a route of all three providers, `pair` of two under other names, `large` is listed by all. */
  readonly model: 'chat' | 'pair' | 'large' | 'nobody-serves-this';
  readonly stream: boolean;
  /** Where the client leaves: when its request is at the provider, or after so many events. */
  readonly leaves: 'never' | 'waiting' | 'streaming';
  readonly fates: Readonly<Record<ProviderName, Fate>>;
  /** What is wrong with the request itself. */
  readonly fault: 'none' | 'bad json' | 'wrong key';
}

const COMMON: readonly (readonly [number, Fate])[] = [
  [0.62, 'ok'],
  [0.03, 'ok without usage'],
  [0.02, 'ok with hostile usage'],
  [0.03, 'ok without done'],
  [0.06, 'broken'],
  [0.03, 'overloaded'],
  [0.04, 'limited'],
  [0.02, 'locked'],
  [0.03, 'refused'],
  [0.02, 'unknown'],
  [0.02, 'error in 200'],
  [0.01, 'html'],
  [0.02, 'dropped'],
  [0.01, 'cut at once'],
  [0.02, 'cut later'],
  [0.01, 'closed'],
  [0.005, 'stalled'],
  [0.005, 'silent'],
];

function pickFate(share: number): Fate {
  let left = share;
  for (const [part, fate] of COMMON) {
    left -= part;
    if (left < 0) return fate;
  }
  return 'ok';
}

/** Plans a run; the same seed plans the same one. */
export function planRun(count: number, seed: number): readonly PlannedRequest[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, (_, index) => planRequest(`request-${index}`, random));
}

function planRequest(id: string, random: () => number): PlannedRequest {
  const fates = { alpha: pickFate(random()), beta: pickFate(random()), gamma: pickFate(random()) };
  const kind = random();
  const model = pick(random(), ['chat', 'chat', 'pair', 'large'] as const);
  const base = { id, model, fates, stream: random() < 0.5, leaves: 'never', fault: 'none' } as const;
  const all = (fate: Fate): PlannedRequest['fates'] => ({ alpha: fate, beta: fate, gamma: fate });
  if (kind < 0.05)
    return { ...base, endpoint: 'chat', stream: true, leaves: 'streaming', fates: all('slow') };
  if (kind < 0.09) return { ...base, endpoint: 'chat', leaves: 'waiting', fates: all('silent') };
  if (kind < 0.11) return { ...base, endpoint: 'chat', model: 'nobody-serves-this' };
  if (kind < 0.12) return { ...base, endpoint: 'chat', fault: 'bad json' };
  if (kind < 0.13) return { ...base, endpoint: 'chat', fault: 'wrong key' };
  if (kind < 0.2) return { ...base, endpoint: 'embeddings', stream: false };
  return { ...base, endpoint: kind < 0.35 ? 'completions' : 'chat' };
}

function pick<T>(share: number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(share * values.length)] ?? values[0];
}

/** The text that carries a plan through the gateway to the provider. */
export function toPrompt({ id, fates }: PlannedRequest): string {
  return `${id} ${JSON.stringify(fates)}`;
}

/** The id of the planned request that reached a provider. */
export function readId(json: Readonly<Record<string, unknown>>): string {
  return /request-\d+/.exec(promptOf(json))?.[0] ?? '';
}

/** The script that a provider plays for a request, as its plan says. */
export function toScript(name: ProviderName, { json, stream }: ProviderRequest): Script {
  const prompt = promptOf(json);
  const fates = JSON.parse(prompt.slice(prompt.indexOf('{'))) as PlannedRequest['fates'];
  const fate = fates[name];
  return (stream ? undefined : IN_A_SHORT_BODY[fate]) ?? FATES[fate];
}

function promptOf({ messages, prompt, input }: Readonly<Record<string, unknown>>): string {
  const [message] = Array.isArray(messages) ? (messages as { readonly content: string }[]) : [];
  return message?.content ?? String(prompt ?? input ?? '');
}
