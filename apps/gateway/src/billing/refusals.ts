import type { ApiErrorDetails } from '../http/api-error.ts';
import type { ReserveResult } from '../ledger/charge.ts';
import type { Target } from '../providers/provider.ts';

/** The ledger did not say whether there is credit. */
export const LEDGER_AWAY: ApiErrorDetails = {
  status: 503,
  type: 'overloaded_error',
  code: 'ledger_unavailable',
  message: 'The credit of this key cannot be checked at the moment.',
  retryAfterSeconds: 5,
};

/** A target that has no price: nobody could be charged for it. */
export function unpricedRefusal(model: string, { provider }: Target): ApiErrorDetails {
  const settings = `providers.${provider.name}.prices, or ledger.unpriced: allow`;
  return {
    status: 402,
    type: 'invalid_request_error',
    code: 'model_unpriced',
    message: `The model "${model}" has no known price at ${provider.name}, and cannot be paid for by this key. The gateway's operator can set ${settings}.`,
    param: 'model',
  };
}

/** A field that asks for something beside tokens: nobody could be charged what the provider takes for it. */
export function extraRefusal(field: string): ApiErrorDetails {
  return {
    status: 400,
    type: 'invalid_request_error',
    code: 'field_unpriced',
    message: `What "${field}" asks for has no known price, and cannot be paid for by this key. The gateway's operator can set ledger.unpriced: allow.`,
    param: field,
  };
}

/** What a client is told where the ledger did not reserve; null where it did. */
export function toRefusal(result: ReserveResult): ApiErrorDetails | null {
  const details = { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' } as const;
  switch (result) {
    case 'reserved':
      return null;
    case 'no_credit':
      return { ...details, message: 'There is not enough credit for this request.' };
    case 'budget_spent':
      return { ...details, message: 'The budget of this key does not allow for this request.' };
    case 'unknown_user':
      return {
        status: 403,
        type: 'permission_error',
        code: 'user_disabled',
        message: 'The user of this key is disabled.',
      };
    default:
      return result satisfies never;
  }
}
