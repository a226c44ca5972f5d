import type { ApiErrorDetails, ApiErrorType } from '../http/api-error.ts';
import type { Failure } from './failure.ts';

const MS_PER_SECOND = 1000;
/** After how long a client may look again whether an operator has let a target back in. */
const OPERATOR_SECONDS = 60;

/** What a client is told where no target may be called at all. */
export function noTargetError(): ApiErrorDetails {
  const message = 'Every target of this model has been taken out of service by an operator.';
  return {
    status: 503,
    type: 'overloaded_error',
    code: 'no_target_available',
    message,
    retryAfterSeconds: OPERATOR_SECONDS,
  };
}

/**
 * What a client is told when its request ended in this failure; `opensInMs` where no target of its model may be
 * called for that long: Infinity where an operator keeps them all out.
 */
export function toApiError(failed: Failure, opensInMs: number | null = null): ApiErrorDetails {
  const details = toDetails(failed);
  if (opensInMs === null || details.status < 500) return details;
  const retryAfterSeconds = Number.isFinite(opensInMs)
    ? Math.max(1, Math.ceil(opensInMs / MS_PER_SECOND))
    : OPERATOR_SECONDS;
  return { ...details, status: 503, type: 'overloaded_error', retryAfterSeconds };
}

function toDetails(failed: Failure): ApiErrorDetails {
  const said = failed.said?.message;
  switch (failed.outcome) {
    case 'caller':
      return {
        status: failed.status ?? 400,
        type: 'invalid_request_error',
        code: failed.said?.code ?? 'invalid_request',
        param: failed.said?.param ?? null,
        message: said ?? 'The provider refused the request.',
      };
    case 'rate_limited':
      return upstream(
        429,
        'rate_limit_error',
        'provider_rate_limited',
        'The provider is limiting requests.',
        failed,
      );
    case 'credentials':
      return upstream(
        502,
        'api_error',
        'provider_credentials',
        "The provider refused the gateway's credentials.",
        {
          ...failed,
          said: null,
        },
      );
    case 'provider_error':
      return upstream(502, 'api_error', 'provider_error', 'The provider failed to answer.', failed);
    case 'timeout':
      return upstream(
        504,
        'timeout_error',
        `${failed.phase ?? 'total'}_timeout`,
        'The provider took too long.',
        failed,
      );
    case 'network':
      return upstream(502, 'api_error', 'provider_unreachable', 'The provider could not be reached.', failed);
    case 'client_closed':
      return upstream(499, 'api_error', 'client_closed', 'The client left.', failed);
    case 'gateway':
      return upstream(
        500,
        'api_error',
        'internal_error',
        'The gateway failed to handle the request.',
        failed,
      );
    default:
      return failed.outcome satisfies never;
  }
}

function upstream(
  status: number,
  type: ApiErrorType,
  code: string,
  message: string,
  failed: Failure,
): ApiErrorDetails {
  const detail = failed.said?.message ?? failed.message;
  const retryAfterSeconds =
    failed.retryAfterMs === null ? null : Math.ceil(failed.retryAfterMs / MS_PER_SECOND);
  return { status, type, code, message: `${message} (${detail})`, retryAfterSeconds };
}
