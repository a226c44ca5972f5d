/** A whole answer of the sandbox: an HTTP status and the JSON body that goes with it. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** What an error reply says beside its status and message; `type` follows from the status where it is left out. */
export interface ErrorDetails {
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** Builds an error reply in OpenAI's shape. */
export function toErrorReply(status: number, message: string, details: ErrorDetails = {}): Reply {
  const type = details.type ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
  return {
    status,
    body: { error: { message, type, param: details.param ?? null, code: details.code ?? null } },
  };
}

/** Thrown where a request cannot be served; carries the reply to send. */
export class RequestRefused extends Error {
  readonly reply: Reply;

  constructor(status: number, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'RequestRefused';
    this.reply = toErrorReply(status, message, details);
  }
}
