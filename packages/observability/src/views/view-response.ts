/** What is asked of the views. */
export interface ViewRequest {
  /** What follows `/prometheus/metrics/`, for example `summary`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A whole HTTP answer, for whatever framework. */
export interface ViewResponse {
  readonly status: 200 | 400 | 404 | 500;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A whole view. */
export function reply(
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): ViewResponse {
  return toResponse(200, contentType, text, headers);
}

/** An error in OpenAI's shape. */
export function refuse(
  status: 400 | 404 | 500,
  message: string,
  param: string | null,
  code: string,
): ViewResponse {
  const type = status === 500 ? 'server_error' : 'invalid_request_error';
  const body = JSON.stringify({ error: { message, type, param, code } });
  return toResponse(status, 'application/json; charset=utf-8', body, {});
}

function toResponse(
  status: ViewResponse['status'],
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>>,
): ViewResponse {
  const body = Buffer.from(text);
  return {
    status,
    headers: {
      'content-type': contentType,
      'content-length': String(body.length),
      'cache-control': 'no-store',
      ...headers,
    },
    body,
  };
}
