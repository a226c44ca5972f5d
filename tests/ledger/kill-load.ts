import type { FakeProviderOptions, ProviderRequest, RunningGateway } from '@gatewayz/testkit';
import { ask, chatBody } from '../ask.ts';
import { type UserKey, withKey } from './admin.ts';
import { PRICES } from './ledger-stage.ts';

/** A whole answer that a client has got. */
export interface Receipt {
  readonly number: number;
  readonly requestId: string;
  readonly key: UserKey;
}

/** Asks again and again, whether there is a gateway or not, and keeps the receipts. */
export interface KillLoad {
  readonly receipts: readonly Receipt[];
  /** How many requests were sent, whatever came of them. */
  readonly sent: () => number;
  /** Refusals by status, which nobody had a reason for. */
  readonly refusals: Readonly<Record<number, number>>;
  /** Where to send from now on; null: nowhere for a while. */
  aim(gateway: RunningGateway | null): void;
  /** Resolves when so many more requests have reached the provider, or receipts have come. */
  after(what: 'calls' | 'receipts', count: number): Promise<void>;
  stop(): Promise<void>;
}

const NUMBER = /^number (\d+)$/;

/** What the request of a number uses: the number is its input, so that every charge says whose it is. */
export function usageOf(number: number): {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
} {
  return { input: number, cached: number % 7, output: (number * 13) % 257 };
}

/** In whole micro-USD, half of one rounded up. */
export function costOf(number: number): number {
  const { input, cached, output } = usageOf(number);
  const { inputUsdPerMillion, cachedInputUsdPerMillion, outputUsdPerMillion } = PRICES.large;
  const tenths = 10 * (inputUsdPerMillion * (input - cached) + outputUsdPerMillion * output);
  return Math.floor((tenths + 10 * cachedInputUsdPerMillion * cached + 5) / 10);
}

/** A provider that tells a number's usage, after a moment: by default one that differs from request to request. */
export function numberedProvider(
  onCall: (number: number) => void,
  delayMs: (number: number) => number = (number) => number % 20,
): FakeProviderOptions {
  return {
    keepLog: 'summary',
    byDefault: (request) => {
      const number = numberOf(request);
      onCall(number);
      const { input, cached, output } = usageOf(number);
      const value = {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
        prompt_tokens_details: { cached_tokens: cached },
      };
      return { kind: 'answer', text: 'a b c d', usage: { value }, delayBeforeHeadersMs: delayMs(number) };
    },
  };
}

function numberOf({ json }: ProviderRequest): number {
  const [message] = json.messages as readonly { readonly content: string }[];
  return Number(NUMBER.exec(message?.content ?? '')?.[1]);
}

/** Starts clients that take turns with the keys, every other one with streams; `calls` counts the provider's. */
export function startKillLoad(keys: readonly UserKey[], clients: number, calls: () => number): KillLoad {
  const receipts: Receipt[] = [];
  const refusals: Record<number, number> = {};
  let target: RunningGateway | null = null;
  let isStopped = false;
  let sent = 0;

  async function askOnce(client: number): Promise<void> {
    if (target === null) return pause(5);
    sent += 1;
    const number = sent;
    const key = keys[number % keys.length] as UserKey;
    const isStream = client % 2 === 0;
    const more = isStream ? { stream: true, stream_options: { include_usage: true } } : {};
    const body = chatBody(`number ${number}`, { max_tokens: 300, ...more });
    const answer = await ask(target, { body, headers: withKey(key) }).catch(() => null);
    if (answer === null) return pause(5);
    const isWhole = isStream ? answer.text.endsWith('data: [DONE]\n\n') : answer.json !== undefined;
    if (answer.status !== 200) refusals[answer.status] = (refusals[answer.status] ?? 0) + 1;
    else if (isWhole) receipts.push({ number, requestId: answer.headers.get('x-request-id') ?? '', key });
  }
  const running = Array.from({ length: clients }, async (_, client) => {
    while (!isStopped) await askOnce(client);
  });
  return {
    receipts,
    refusals,
    sent: () => sent,
    aim(gateway) {
      target = gateway;
    },
    async after(what, count) {
      const read = what === 'calls' ? calls : () => receipts.length;
      const goal = read() + count;
      while (read() < goal && !isStopped) await pause(1);
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
