/** The gateway refused what was asked, or could not be asked. */
export class AdminError extends Error {
  override readonly name: string = 'AdminError';
  /** Of the gateway's answer; null where there was none. */
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.code = code;
  }
}

/** Asks the admin API. */
export interface AdminClient {
  /** Gives the answer as it is. Rejects with an `AdminError`. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
}

const TIMEOUT_MS = 15_000;

/** Creates a client of the gateway at a base URL. Throws an `AdminError` where it cannot be used. */
export function createAdminClient(baseUrl: string, token: string | undefined): AdminClient {
  if (!URL.canParse(baseUrl) || !/^https?:/.test(baseUrl)) {
    throw new AdminError('GATEWAYZ_URL: expected a URL such as http://127.0.0.1:8000.', null);
  }
  if (!token || !/^[\x21-\x7e]+$/.test(token)) {
    throw new AdminError('ADMIN_TOKEN: expected the token that the gateway was started with.', null);
  }
  const root = baseUrl.replace(/\/+$/, '');
  return {
    async ask(method, path, body) {
      const response = await fetch(root + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((error: unknown) => {
        throw new AdminError(`The gateway at ${root} could not be reached: ${reasonOf(error)}.`, null);
      });
      return readAnswer(response, root);
    },
  };
}

async function readAnswer(response: Response, root: string): Promise<Readonly<Record<string, unknown>>> {
  const answer: unknown = await response.json().catch(() => null);
  if (typeof answer !== 'object' || answer === null) {
    throw new AdminError(`${root} does not answer like a gateway (status ${response.status}).`, null);
  }
  if (response.ok) return answer as Readonly<Record<string, unknown>>;
  const { error = {} } = answer as { readonly error?: Readonly<Record<string, unknown>> };
  const { message = `status ${response.status}`, param = null, code = null } = error;
  const place = param === null ? '' : `${String(param)}: `;
  throw new AdminError(
    `The gateway refuses: ${place}${String(message)}`,
    code === null ? null : String(code),
  );
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
}
