import type { RunningGateway } from '@gatewayz/testkit';
import { type Answer, ask, chatBody } from '../ask.ts';
import { type UserKey, withKey } from './admin.ts';
import type { Receipt } from './kill-load.ts';

/** Asks for a plain answer whose number is its usage. */
export function askNumber(gateway: RunningGateway, key: UserKey, number: number): Promise<Answer> {
  return ask(gateway, { body: chatBody(`number ${number}`, { max_tokens: 300 }), headers: withKey(key) });
}

/** What the client of a whole answer holds. Throws where it is none. */
export function toReceipt(answer: Answer, key: UserKey, number: number): Receipt {
  if (answer.status !== 200)
    throw new Error(`request ${number} was answered ${answer.status}: ${answer.text}`);
  return { number, requestId: answer.headers.get('x-request-id') ?? '', key };
}

/** How many charges the gateway keeps because its database does not take them. */
export async function backlogOf(gateway: RunningGateway): Promise<number> {
  return (await gateway.metrics()).sum('gatewayz_ledger_backlog');
}
