const TIMEOUT_MS = 20_000;
/** More points than this Prometheus refuses to answer with. */
const POINTS = 240;

/** Unix seconds, both. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

export type RangeAnswer =
  /** How many series have a number, and how many have only NaN. */
  | { readonly kind: 'series'; readonly withNumbers: number; readonly onlyNan: number }
  | { readonly kind: 'refused'; readonly message: string };

/** The Prometheus that queries are run on. */
export interface PrometheusApi {
  /** Runs an expression over the time span. */
  run(expression: string): Promise<RangeAnswer>;
}

/** A Prometheus that does not answer, or not as one. */
export class PrometheusUnreachableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PrometheusUnreachableError';
  }
}

interface Answer {
  readonly status?: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly data?: { readonly result?: unknown };
}

type Series = { readonly values?: readonly (readonly [number, string])[] };

function toAnswer({ status, error, errorType, data }: Answer): RangeAnswer {
  if (status !== 'success')
    return { kind: 'refused', message: `${errorType ?? 'error'}: ${error ?? 'no reason'}` };
  const series = Array.isArray(data?.result) ? (data.result as readonly Series[]) : [];
  const isNumber = ({ values = [] }: Series): boolean => values.some(([, text]) => text !== 'NaN');
  const withNumbers = series.filter(isNumber).length;
  return { kind: 'series', withNumbers, onlyNan: series.length - withNumbers };
}

/** `fetch` refuses URLs with credentials: they become a header. */
function readAddress(
  text: string,
  token: string | null,
): { readonly base: string; readonly headers: Readonly<Record<string, string>> } {
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const base = url.href.replace(/\/$/, '');
  if (token !== null) return { base, headers: { authorization: `Bearer ${token}` } };
  if (username === '') return { base, headers: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { base, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** Connects to a Prometheus by its base URL. Rejections are PrometheusUnreachableErrors. */
export function createPrometheusApi(
  url: string,
  { from, to }: TimeSpan,
  token: string | null,
): PrometheusApi {
  const { base, headers } = readAddress(url, token);
  const step = Math.max(1, Math.ceil((to - from) / POINTS));
  return {
    run: async (query) => {
      const body = new URLSearchParams({ query, start: String(from), end: String(to), step: String(step) });
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      try {
        const response = await fetch(`${base}/api/v1/query_range`, { method: 'POST', headers, body, signal });
        const text = await response.text();
        // 400 and 422 say in JSON what is wrong with the expression; anything else is no answer to it.
        if (!response.ok && response.status !== 400 && response.status !== 422) {
          throw new Error(`it answered ${response.status}`);
        }
        return toAnswer(JSON.parse(text) as Answer);
      } catch (error) {
        const { message, cause } = error as Error;
        const why = cause instanceof Error ? cause.message : message;
        throw new PrometheusUnreachableError(`${base} cannot be asked: ${why}`, { cause: error });
      }
    },
  };
}
