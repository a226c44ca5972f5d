/** Amounts are whole micro-credits or micro-USD, times epoch milliseconds; `null` stands for "no limit" or "never". */
export interface Tables {
  users: UserColumns;
  plans: PlanColumns;
  subscriptions: SubscriptionColumns;
  trials: TrialColumns;
  api_keys: KeyColumns;
  reservations: ReservationColumns;
  ledger: LedgerColumns;
  daily_usage: DailyUsageColumns;
  usage_writers: UsageWriterColumns;
}

/** Whoever pays. The balance is granted − charged; what is free for further requests is that less reserved. */
export interface UserColumns {
  id: string;
  name: string;
  plan_type: string;
  created_at_ms: number;
  disabled_at_ms: number | null;
  granted_micro: number;
  charged_micro: number;
  reserved_micro: number;
}

export interface PlanColumns {
  id: string;
  name: string;
  plan_type: string;
  billing_cycle: string;
  price_micro_usd: number;
  /** Granted when each billing cycle of a subscription begins. */
  credits_micro: number;
}

export interface SubscriptionColumns {
  id: string;
  user_id: string;
  plan_id: string;
  plan_type: string;
  billing_cycle: string;
  status: string;
  started_at_ms: number;
  ends_at_ms: number | null;
}

export interface TrialColumns {
  id: string;
  user_id: string;
  status: string;
  started_at_ms: number;
  ends_at_ms: number;
}

export interface KeyColumns {
  id: string;
  user_id: string;
  name: string;
  /** Keyed hash of the secret, in hexadecimal. */
  hash: string;
  prefix: string;
  last_four: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  /** JSON lists of names; null lets every one in. */
  models: string | null;
  providers: string | null;
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
  concurrency: number | null;
  budget_micro: number | null;
  charged_micro: number;
  reserved_micro: number;
}

/** What a request that is under way may cost at most. */
export interface ReservationColumns {
  request_id: string;
  /** Written with the row's neighbours in one transaction. */
  batch_id: string;
  user_id: string;
  key_id: string;
  amount_micro: number;
  created_at_ms: number;
  expires_at_ms: number;
}

/** Rows are added and never changed. Charges are positive amounts, grants and adjustments of either sign. */
export interface LedgerColumns {
  request_id: string;
  kind: string;
  batch_id: string;
  /** May be empty in old rows: of keys of the configuration, whose use is in `daily_usage` now. */
  user_id: string;
  key_id: string;
  at_ms: number;
  /** UTC, `2026-01-31`. */
  day: string;
  provider: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  cached_tokens: number;
  reasoning_tokens: number;
  /** Null: the model has no known price. */
  cost_micro_usd: number | null;
  credits_micro: number;
  /** 1 where the provider reported no usage and it was estimated. */
  is_estimated: number;
  is_streaming: number;
}

/** Sums of what keys of the configuration used, which nobody pays for: one row for each day, key and model. */
export interface DailyUsageColumns {
  /** UTC, `2026-01-31`. */
  day: string;
  key_id: string;
  provider: string;
  model: string;
  requests: number;
  input_tokens: number;
  output_tokens: number;
  cached_tokens: number;
  reasoning_tokens: number;
  /** Of the requests whose model has a price. */
  cost_micro_usd: number;
  unpriced_requests: number;
  estimated_requests: number;
}

/** One row for each process that has added to the sums, and the number of its last batch in them. */
export interface UsageWriterColumns {
  id: string;
  batch: number;
}
