import { toStorableText } from '@gatewayz/database';
import type { AskedColumn } from './asked-rows.ts';
import type { Charge } from './charge.ts';
import { toDay } from './to-day.ts';

/** A charge as its row in the ledger: what is written down first, and put into the database later. */
export interface ChargeRow {
  readonly requestId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly creditsMicro: number;
  /** The values of {@link CHARGE_COLUMNS} as a JSON list, on one line. */
  readonly text: string;
}

/** The columns of the ledger that a charge fills, in the order of a row's values. A journal of another order is not read. */
export const CHARGE_COLUMNS: readonly AskedColumn[] = [
  ['request_id', 'text'],
  ['user_id', 'text'],
  ['key_id', 'text'],
  ['credits_micro', 'whole'],
  ['at_ms', 'whole'],
  ['day', 'text'],
  ['provider', 'text'],
  ['model', 'text'],
  ['input_tokens', 'whole'],
  ['output_tokens', 'whole'],
  ['cached_tokens', 'whole'],
  ['reasoning_tokens', 'whole'],
  ['cost_micro_usd', 'whole'],
  ['is_estimated', 'whole'],
  ['is_streaming', 'whole'],
];

/** Writes the row of a charge. */
export function toChargeRow(charge: Charge): ChargeRow {
  const { requestId, userId, keyId, creditsMicro, usage } = charge;
  const text = JSON.stringify([
    requestId,
    userId,
    keyId,
    creditsMicro,
    charge.atMs,
    toDay(charge.atMs),
    charge.provider,
    toStorableText(charge.model),
    usage.inputTokens,
    usage.outputTokens,
    usage.cachedInputTokens,
    usage.reasoningTokens,
    charge.costMicroUsd,
    charge.isEstimated ? 1 : 0,
    charge.isStreaming ? 1 : 0,
  ]);
  return { requestId, userId, keyId, creditsMicro, text };
}

/** Reads a row again; throws an `Error` where it is none of these columns. */
export function readChargeRow(text: string): ChargeRow {
  const values: unknown = JSON.parse(text);
  if (!Array.isArray(values) || values.length !== CHARGE_COLUMNS.length)
    throw new Error(`expected a list of ${CHARGE_COLUMNS.length} values`);
  const [requestId, userId, keyId, creditsMicro] = values as unknown[];
  const isRow = typeof requestId === 'string' && typeof userId === 'string' && typeof keyId === 'string';
  if (!isRow || typeof creditsMicro !== 'number') throw new Error('expected a charge');
  return { requestId, userId, keyId, creditsMicro, text };
}
