import type { RunningGateway } from '@gatewayz/testkit';
import { ask } from '../ask.ts';

/** The keys of a run: of the configuration, of a customer, and of one who may ask little. */
export interface ClientKeys {
  readonly configured: string;
  readonly paying: string;
  readonly limited: string;
}

const IN_A_DAY_MS = 86_400_000;

/** Makes a customer with a plan, one on trial, and keys for them, as an operator does. */
export async function createCustomers(
  gateway: RunningGateway,
  adminToken: string,
  configured: string,
): Promise<ClientKeys> {
  const create = async <Answer>(path: string, body: object): Promise<Answer> => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const answer = await ask(gateway, { path: `/admin/${path}`, headers, body });
    if (answer.status >= 300) throw new Error(`/admin/${path} answered ${answer.status}: ${answer.text}`);
    return answer.json as Answer;
  };
  const createKey = async (user: string, more: object = {}): Promise<string> =>
    (await create<{ token: string }>('keys', { user_id: user, name: `key of ${user}`, ...more })).token;
  await create('plans', {
    id: 'pro',
    name: 'Pro',
    plan_type: 'pro',
    billing_cycle: 'monthly',
    price_micro_usd: 20_000_000,
    credits_micro: 20_000_000,
  });
  await create('users', { id: 'ann', plan_type: 'pro' });
  await create('subscriptions', { user_id: 'ann', plan_id: 'pro' });
  await create('users', { id: 'bob' });
  const ends_at = new Date(Date.now() + IN_A_DAY_MS).toISOString();
  await create('trials', { user_id: 'bob', ends_at, credit_micro: 1_000_000 });
  return {
    configured,
    paying: await createKey('ann'),
    limited: await createKey('bob', { requests_per_minute: 5 }),
  };
}
