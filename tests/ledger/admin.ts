import type { RunningGateway } from '@gatewayz/testkit';
import { type Answer, ask } from '../ask.ts';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';

type Gateway = Pick<RunningGateway, 'url'>;
type Json = Readonly<Record<string, unknown>>;

/** Asks the admin API. Throws where it refuses. */
export async function askAdmin(gateway: Gateway, method: string, path: string, body?: object): Promise<Json> {
  const answer = await tryAdmin(gateway, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  return answer.json as Json;
}

/** The same, with whatever comes of it. */
export function tryAdmin(gateway: Gateway, method: string, path: string, body?: object): Promise<Answer> {
  // A connection that is kept belongs to one of several workers, which a test may stop.
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' };
  return ask(gateway, { path: `/admin/${path}`, method, headers, ...(body === undefined ? {} : { body }) });
}

/** A key of a user, with the token that a client shows. */
export interface UserKey {
  readonly id: string;
  readonly userId: string;
  readonly token: string;
}

/** Makes a user with so much credit, and a key. */
export async function createUser(
  gateway: Gateway,
  id: string,
  creditMicro: number,
  key: object = {},
): Promise<UserKey> {
  await askAdmin(gateway, 'POST', 'users', { id });
  await askAdmin(gateway, 'POST', `users/${id}/credits`, { amount_micro: creditMicro });
  return createKey(gateway, id, key);
}

export async function createKey(gateway: Gateway, userId: string, key: object = {}): Promise<UserKey> {
  const made = await askAdmin(gateway, 'POST', 'keys', { user_id: userId, name: 'test', ...key });
  return { id: String(made.id), userId, token: String(made.token) };
}

/** The header of a request with a key. */
export function withKey({ token }: Pick<UserKey, 'token'>): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}
