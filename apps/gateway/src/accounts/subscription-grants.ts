import type { Ledger } from '../ledger/ledger.ts';
import { AccountError } from './account-error.ts';
import { type AccountStore, runQuery } from './account-store.ts';
import { cycleStarts } from './cycle-starts.ts';
import { giveCredits } from './give-credits.ts';

/** A subscription, with what its plan grants for each billing cycle. */
export interface GrantingSubscription {
  readonly id: string;
  readonly userId: string;
  readonly billingCycle: string;
  readonly startedAtMs: number;
  readonly endsAtMs: number | null;
  readonly creditsMicro: number;
}

/**
 * Grants the credits of subscriptions, for each billing cycle once, whoever does so and however often. Rejects with a
 * `SqlError`, and with an `AccountError` where a user would have more than can be counted.
 */
export interface SubscriptionGrants {
  /** Those of the cycles that have begun by now, before its end. */
  grantFor(subscription: GrantingSubscription): Promise<void>;
  /** The same for all that are active or have ended in the last year; a user who can have no more stops no other. */
  grantAll(): Promise<void>;
}

const PAGE_ROWS = 200;
/** What was missed while no gateway ran is granted later, also to subscriptions that have ended meanwhile. */
const LOOK_BACK_MS = 366 * 86_400_000;

export function createSubscriptionGrants(
  store: AccountStore,
  ledger: Pick<Ledger, 'grant'>,
): SubscriptionGrants {
  /** How many cycles of each subscription are known to be granted: the others are asked for. */
  const granted = new Map<string, number>();

  async function grantFor(subscription: GrantingSubscription): Promise<void> {
    const { id, userId, creditsMicro: amountMicro } = subscription;
    const nowMs = store.epochNow();
    const ids = grantIds(subscription, nowMs);
    const news = ids.slice(granted.get(id) ?? 0);
    if (amountMicro === 0 || news.length === 0) return;
    const done = await findGrants(store, news);
    for (const grantId of news) {
      if (!done.has(grantId)) {
        await giveCredits(ledger, { id: grantId, userId, amountMicro, atMs: nowMs });
      }
    }
    granted.set(id, ids.length);
  }

  return {
    grantFor,
    async grantAll() {
      const refused: AccountError[] = [];
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page: readonly GrantingSubscription[] = await readPage(store, after);
        for (const subscription of page) {
          await grantFor(subscription).catch((error: unknown) => {
            if (!(error instanceof AccountError)) throw error;
            refused.push(error);
          });
        }
        after = page.at(-1)?.id;
      }
      if (refused[0] !== undefined) throw refused[0];
    },
  };
}

/** What the grants of the cycles that have begun are known by in the ledger. */
function grantIds(subscription: GrantingSubscription, nowMs: number): readonly string[] {
  const { id, billingCycle, startedAtMs, endsAtMs } = subscription;
  const untilMs = Math.min(nowMs, (endsAtMs ?? Number.POSITIVE_INFINITY) - 1);
  return cycleStarts(billingCycle, startedAtMs, untilMs).map((cycleMs, cycle) =>
    cycle === 0 ? `subscription:${id}` : `subscription:${id}:${new Date(cycleMs).toISOString()}`,
  );
}

async function findGrants(store: AccountStore, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const query = store.db
    .selectFrom('ledger')
    .select('request_id')
    .where('kind', '=', 'grant')
    .where('request_id', 'in', ids);
  const rows = await runQuery(store, ['ledger', 'select'], query);
  return new Set(rows.map((row) => row.request_id));
}

async function readPage(store: AccountStore, after: string): Promise<readonly GrantingSubscription[]> {
  const endedSinceMs = store.epochNow() - LOOK_BACK_MS;
  const query = store.db
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select([
      'subscriptions.id as id',
      'subscriptions.user_id as userId',
      'subscriptions.billing_cycle as billingCycle',
      'subscriptions.started_at_ms as startedAtMs',
      'subscriptions.ends_at_ms as endsAtMs',
      'plans.credits_micro as creditsMicro',
    ])
    .where('subscriptions.id', '>', after)
    .where('plans.credits_micro', '>', 0)
    .where((on) =>
      on.or([on('subscriptions.ends_at_ms', 'is', null), on('subscriptions.ends_at_ms', '>', endedSinceMs)]),
    )
    .orderBy('subscriptions.id')
    .limit(PAGE_ROWS);
  return runQuery(store, ['subscriptions', 'select'], query);
}
