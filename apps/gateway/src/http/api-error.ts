/** OpenAI's error types, as its SDKs and their users know them. */
export type ApiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'insufficient_quota'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error';

/** What a client may be told about a failure. */
export interface ApiErrorDetails {
  readonly status: number;
  readonly type: ApiErrorType;
  readonly code: string;
  readonly message: string;
  /** The request field that is at fault. */
  readonly param?: string | null;
  /** Seconds after which the client may try again. */
  readonly retryAfterSeconds?: number | null;
  /** Further headers, names and values in turn. */
  readonly headers?: readonly string[];
}

/** A failure that the client is told about as it stands; any other error becomes a plain 500. */
export class ApiError extends Error {
  readonly details: ApiErrorDetails;

  constructor(details: ApiErrorDetails, options?: ErrorOptions) {
    super(details.message, options);
    this.name = 'ApiError';
    this.details = details;
  }
}

/** A request that cannot be served as it is: 400 unless another status says it better. */
export function invalidRequest(
  message: string,
  { param = null, code = 'invalid_request', status = 400 }: Partial<ApiErrorDetails> = {},
): ApiError {
  return new ApiError({ status, type: 'invalid_request_error', code, message, param });
}

const INTERNAL: ApiErrorDetails = {
  status: 500,
  type: 'api_error',
  code: 'internal_error',
  message: 'The gateway failed to handle the request.',
};

/** The one place where an error becomes what a client sees: known errors speak, unknown ones stay in the log. */
export function toErrorDetails(error: unknown): ApiErrorDetails {
  return error instanceof ApiError ? error.details : INTERNAL;
}

/** OpenAI's error object with the id of the request, as JSON text. */
export function toErrorBody(details: ApiErrorDetails, requestId: string): string {
  const { message, type, param = null, code } = details;
  return JSON.stringify({ error: { message, type, param, code, request_id: requestId } });
}
