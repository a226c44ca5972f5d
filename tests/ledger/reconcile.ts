import type { Attempt } from '@gatewayz/testkit';
import { type Books, type Charge, findImbalance } from './books.ts';
import { costOf, type Receipt, usageOf } from './kill-load.ts';

/** Holds the books against what clients got and what the provider did, and gives all that does not agree. */
export function reconcile(
  books: Books,
  receipts: readonly Receipt[],
  attempts: readonly Attempt[],
): readonly string[] {
  const byRequest = Map.groupBy(books.charges, ({ requestId }) => requestId);
  const byNumber = Map.groupBy(books.charges, ({ inputTokens }) => inputTokens);
  const served = new Set(attempts.map(promptTokensOf));
  return [
    ...findImbalance(books),
    ...receipts.flatMap((receipt) => findFault(receipt, byRequest.get(receipt.requestId) ?? [])),
    ...[...byNumber].flatMap(([number, charges]) =>
      charges.length === 1 ? [] : [`request ${number} was charged ${charges.length} times`],
    ),
    ...books.charges.flatMap((charge) => [
      ...(served.has(charge.inputTokens)
        ? []
        : [`request ${charge.inputTokens} was charged and never served`]),
      ...(isExact(charge) ? [] : [`request ${charge.inputTokens} was charged ${charge.creditsMicro}`]),
    ]),
  ];
}

function findFault(receipt: Receipt, charges: readonly Charge[]): readonly string[] {
  const { number, key } = receipt;
  const [charge] = charges;
  if (charge === undefined) return [`request ${number} was answered and never charged`];
  const isOwn = charge.userId === key.userId && charge.keyId === key.id && charge.inputTokens === number;
  return isOwn ? [] : [`the charge of request ${number} is another's`];
}

function isExact({
  inputTokens: number,
  outputTokens,
  creditsMicro,
  costMicroUsd,
  isEstimated,
}: Charge): boolean {
  const cost = costOf(number);
  return (
    outputTokens === usageOf(number).output && creditsMicro === cost && costMicroUsd === cost && !isEstimated
  );
}

function promptTokensOf({ usageSent }: Attempt): unknown {
  return (usageSent as { readonly prompt_tokens?: unknown } | undefined)?.prompt_tokens;
}
