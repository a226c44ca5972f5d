import type { RunningGateway } from '@gatewayz/testkit';
import { ask, chatBody } from '../ask.ts';
import type { ClientKeys } from './customers.ts';

/** What clients ask for, in turns; what of it goes wrong is the providers' part. */
const TURNS: readonly (readonly [model: string, stream: boolean, key: keyof ClientKeys])[] = [
  ['chat', true, 'paying'],
  ['chat', false, 'configured'],
  ['large', true, 'paying'],
  ['small', false, 'limited'],
  ['shaky', false, 'configured'],
  ['cut', true, 'paying'],
  ['primary/cut', true, 'configured'],
  ['stalling', true, 'configured'],
  ['noisy', true, 'paying'],
  ['doomed', false, 'configured'],
];
const LEAVES_AFTER_MS = 30;
const PAUSE_MS = 20;

function bearer(key: string): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', authorization: `Bearer ${key}` };
}

/** A client that goes before its stream ends. */
async function leaveEarly({ url }: RunningGateway, { configured }: ClientKeys): Promise<void> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: bearer(configured),
      body: JSON.stringify(chatBody('a long story', { model: 'spare/large', stream: true })),
      signal: AbortSignal.timeout(LEAVES_AFTER_MS),
    });
    await response.text();
  } catch {
    // That is what it is for.
  }
}

async function takeTurn(gateway: RunningGateway, keys: ClientKeys, number: number): Promise<void> {
  const [model, stream, key] = TURNS[number % TURNS.length] ?? ['large', false, 'configured'];
  const body = chatBody(`question ${number}`, { model, stream });
  await ask(gateway, { body, headers: bearer(keys[key]) });
  if (number % TURNS.length !== 0) return;
  await leaveEarly(gateway, keys);
  await ask(gateway, { path: '/no/such/route', headers: bearer('sk-of-nobody') });
  await ask(gateway, { body, headers: bearer('sk-of-nobody') });
  // The same question again, for whatever remembers answers.
  await ask(gateway, { body: chatBody('how are you?'), headers: bearer(keys.paying) });
}

/** Asks from several clients until it is disposed of. */
export function startTraffic(gateway: RunningGateway, keys: ClientKeys): AsyncDisposable {
  let isOver = false;
  const clients = [0, 3, 6].map(async (first) => {
    for (let number = first; !isOver; number += 1) {
      // An answer that breaks off is one of the things that clients see; they ask again.
      await takeTurn(gateway, keys, number).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await Promise.allSettled(clients);
    },
  };
}
