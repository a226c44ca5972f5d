import {
  cutsAt,
  drops,
  expectedAnswer,
  type FakeProvider,
  failsWith,
  hangs,
  mixes,
  type ScriptFunction,
} from '@gatewayz/testkit';
import { randomNumbers } from '../junk.ts';
import { askPlain, askStream, type Chat } from './chat.ts';

/** The providers of the long run, by what is wrong with them. */
export const PROVIDERS = ['failing', 'hanging', 'cutting'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** Every provider is first for one of the models, so that all their faults are met. */
export const MODELS: Readonly<Record<string, readonly ProviderName[]>> = {
  alpha: ['failing', 'hanging', 'cutting'],
  beta: ['hanging', 'cutting', 'failing'],
  gamma: ['cutting', 'failing', 'hanging'],
};

const FAILING_SHARE = 0.3;
const HANGING_SHARE = 0.05;
const CUTTING_SHARE = 0.05;
const REQUEST_NUMBER = /^request (\d+)\b/;

/** What each provider does, in an order that the seed fixes. */
export function toScripts(seed: number): Readonly<Record<ProviderName, ScriptFunction>> {
  const third = FAILING_SHARE / 3;
  const failing = mixes(
    [
      [third, failsWith(500)],
      [third, failsWith(503)],
      [third, drops()],
    ],
    undefined,
    seed,
  );
  const cut = mixes(
    Array.from({ length: 10 }, (_, at) => [CUTTING_SHARE / 10, cutsAt({ afterEvents: at + 1 })] as const),
    undefined,
    seed + 2,
  );
  return {
    failing,
    hanging: mixes([[HANGING_SHARE, hangs()]], undefined, seed + 1),
    cutting: (request, attempt) => (request.stream ? cut(request, attempt) : undefined),
  };
}

/** One request of the run, once it is answered. */
export interface RunRecord {
  readonly number: number;
  readonly model: string;
  readonly isStream: boolean;
  readonly chat: Chat;
  /** Complete and exact. */
  readonly isWhole: boolean;
}

/** Makes requests, half of them streams, so many at a time, and notes what came of each. */
export async function playRun(
  gateway: Parameters<typeof askPlain>[0],
  count: number,
  atOnce: number,
  seed: number,
): Promise<readonly RunRecord[]> {
  const random = randomNumbers(seed);
  const models = Object.keys(MODELS);
  const planned = Array.from({ length: count }, (_, number) => ({
    number,
    model: models[number % models.length] ?? '',
    isStream: random() < 0.5,
    words: 12 + Math.floor(random() * 20),
  }));
  const records: RunRecord[] = [];
  const play = async (): Promise<void> => {
    for (let next = planned.shift(); next !== undefined; next = planned.shift()) {
      const { number, model, isStream, words } = next;
      const options = { model, content: `request ${number} words=${words}` };
      const chat = await (isStream ? askStream(gateway, options) : askPlain(gateway, options));
      records.push({
        number,
        model,
        isStream,
        chat,
        isWhole: isStream ? isWholeStream(chat) : isWholeAnswer(chat),
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, play));
  return records;
}

function isWholeAnswer({ status, content, body }: Chat): boolean {
  return status === 200 && content === expectedAnswer(body);
}

function isWholeStream({ status, chat, end, body }: Chat): boolean {
  const { text, done, finishReasons, roles, ids, errorEvent, malformed, eventsAfterDone } = chat;
  const isExact =
    text === expectedAnswer(body) && finishReasons.join() === 'stop' && roles.join() === 'assistant';
  const isClean = errorEvent === null && malformed.length === 0 && eventsAfterDone === 0 && end === 'clean';
  return status === 200 && done && isExact && ids.length === 1 && isClean;
}

/** One attempt as its provider logged it, with the outcome that it must have been for the gateway. */
export interface LoggedAttempt {
  readonly provider: ProviderName;
  readonly model: string;
  readonly outcome: string;
  readonly isStream: boolean;
  readonly receivedAtMs: number;
  readonly outputTokens: number;
  readonly inputTokens: number;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  'error 500': 'provider_error',
  'error 503': 'provider_error',
  drop: 'network',
  cut: 'network',
  hang: 'timeout',
};

/** The attempts of every request in their order, from the providers' logs alone. */
export function groupByRequest(
  providers: Readonly<Record<ProviderName, FakeProvider>>,
): ReadonlyMap<number, readonly LoggedAttempt[]> {
  const groups = new Map<number, LoggedAttempt[]>();
  for (const provider of PROVIDERS) {
    for (const attempt of providers[provider].attempts()) {
      const { model, stream: isStream, script, end, receivedAtMs } = attempt;
      const number = Number(REQUEST_NUMBER.exec(promptOf(attempt.json))?.[1]);
      const usage = attempt.usageSent as { prompt_tokens: number; completion_tokens: number } | undefined;
      const group = groups.get(number) ?? [];
      groups.set(number, group);
      group.push({
        provider,
        model,
        isStream,
        receivedAtMs,
        // A good answer that the gateway did not wait for was too slow for it.
        outcome: OUTCOMES[script] ?? (end === 'complete' ? 'success' : 'timeout'),
        inputTokens: usage?.prompt_tokens ?? 0,
        outputTokens: usage?.completion_tokens ?? 0,
      });
    }
  }
  for (const group of groups.values()) group.sort((a, b) => a.receivedAtMs - b.receivedAtMs);
  return groups;
}

function promptOf(json: Readonly<Record<string, unknown>>): string {
  const [first] = json.messages as readonly { readonly content: string }[];
  return first?.content ?? '';
}
