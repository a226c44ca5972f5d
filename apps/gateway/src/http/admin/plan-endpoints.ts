import { z } from 'zod';
import type { Accounts } from '../../accounts/accounts.ts';
import { TRIAL_ENDS } from '../../accounts/trials.ts';
import type { PlanColumns, SubscriptionColumns, TrialColumns } from '../../store/tables.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import {
  amountMicro,
  anyId,
  chosenId,
  displayName,
  idParams,
  labelWord,
  listOf,
  pageFields,
  pageQuery,
  shownTime,
  showTime,
  showTimeOrNull,
  time,
  toList,
} from './fields.ts';

const planFields = {
  id: chosenId,
  name: displayName,
  plan_type: labelWord,
  billing_cycle: z.enum(['monthly', 'yearly', 'once']),
  price_micro_usd: amountMicro,
  credits_micro: amountMicro.meta({ description: 'Granted to a subscriber when each billing cycle begins.' }),
};
const plan = z.strictObject({ object: z.literal('plan'), ...planFields, billing_cycle: z.string() });

const subscription = z.strictObject({
  object: z.literal('subscription'),
  id: z.string(),
  user_id: z.string(),
  plan_id: z.string(),
  plan_type: z.string(),
  billing_cycle: z.string(),
  status: z.string().meta({ description: 'active, cancelled or expired.' }),
  started_at: shownTime,
  ends_at: shownTime.nullable(),
});

const trial = z.strictObject({
  object: z.literal('trial'),
  id: z.string(),
  user_id: z.string(),
  status: z.string().meta({ description: 'active, converted, cancelled or expired.' }),
  started_at: shownTime,
  ends_at: shownTime,
});

const userPage = z.strictObject({ ...pageFields, user_id: anyId.optional() });

/** The endpoints for plans, subscriptions and trials. */
export function planEndpoints(accounts: Accounts): readonly Endpoint[] {
  return [...ofPlans(accounts), ...ofSubscriptions(accounts), ...ofTrials(accounts)];
}

function ofPlans({ plans }: Accounts): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'POST',
      path: '/admin/plans',
      summary: 'Create a plan',
      status: 201,
      body: z.strictObject(planFields),
      result: plan,
      handle: async ({ body }) => toPlan(await plans.create(body)),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/plans',
      summary: 'List plans by id',
      query: pageQuery,
      result: listOf(plan),
      handle: async ({ query }) => toList(await plans.list(query), toPlan),
    }),
  ];
}

function ofSubscriptions({ subscriptions }: Accounts): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'POST',
      path: '/admin/subscriptions',
      summary: 'Begin a subscription and grant its credits; a second time it does nothing',
      status: 201,
      body: z.strictObject({ user_id: anyId, plan_id: anyId, ends_at: time.nullable().default(null) }),
      result: subscription,
      handle: async ({ body: { user_id: userId, plan_id: planId, ends_at: endsAtMs } }) =>
        toSubscription(await subscriptions.create({ userId, planId, endsAtMs })),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/subscriptions',
      summary: 'List subscriptions in the order of their making',
      query: userPage,
      result: listOf(subscription),
      handle: async ({ query: { user_id: userId, ...query } }) =>
        toList(await subscriptions.list({ ...query, userId }), toSubscription),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/subscriptions/:id',
      summary: 'Show a subscription',
      params: idParams,
      result: subscription,
      handle: async ({ params }) => toSubscription(await subscriptions.get(params.id)),
    }),
    defineEndpoint({
      method: 'POST',
      path: '/admin/subscriptions/:id/cancel',
      summary: 'Cancel a subscription at once; credits stay',
      params: idParams,
      result: subscription,
      handle: async ({ params }) => toSubscription(await subscriptions.cancel(params.id)),
    }),
  ];
}

function ofTrials({ trials }: Accounts): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'POST',
      path: '/admin/trials',
      summary: 'Begin the one trial of a user',
      status: 201,
      body: z.strictObject({ user_id: anyId, ends_at: time, credit_micro: amountMicro.default(0) }),
      result: trial,
      handle: async ({ body: { user_id: userId, ends_at: endsAtMs, credit_micro: creditMicro } }) =>
        toTrial(await trials.create({ userId, endsAtMs, creditMicro })),
    }),
    defineEndpoint({
      method: 'GET',
      path: '/admin/trials',
      summary: 'List trials in the order of their making',
      query: userPage,
      result: listOf(trial),
      handle: async ({ query: { user_id: userId, ...query } }) =>
        toList(await trials.list({ ...query, userId }), toTrial),
    }),
    defineEndpoint({
      method: 'POST',
      path: '/admin/trials/:id/end',
      summary: 'End a trial: converted, cancelled or expired',
      params: idParams,
      body: z.strictObject({ status: z.enum(TRIAL_ENDS) }),
      result: trial,
      handle: async ({ params, body }) => toTrial(await trials.end(params.id, body.status)),
    }),
  ];
}

function toPlan(row: PlanColumns): z.output<typeof plan> {
  return { object: 'plan', ...row };
}

function toSubscription({
  started_at_ms: startedAtMs,
  ends_at_ms: endsAtMs,
  ...row
}: SubscriptionColumns): z.output<typeof subscription> {
  return {
    object: 'subscription',
    ...row,
    started_at: showTime(startedAtMs),
    ends_at: showTimeOrNull(endsAtMs),
  };
}

function toTrial({
  started_at_ms: startedAtMs,
  ends_at_ms: endsAtMs,
  ...row
}: TrialColumns): z.output<typeof trial> {
  return { object: 'trial', ...row, started_at: showTime(startedAtMs), ends_at: showTime(endsAtMs) };
}
