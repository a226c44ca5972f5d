import { type EnvironmentValues, isHeader } from './environment-values.ts';

/** Where spans go and how, from the `OTEL_EXPORTER_OTLP_*` variables. */
export interface OtlpSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isGzip: boolean;
  /** For one request. */
  readonly timeoutMs: number;
  /** For one batch, retries and their pauses included. */
  readonly batchTimeoutMs: number;
}

/** How many requests are under way at once, at most. */
export const MAX_IN_FLIGHT = 4;

const MAX_MS = 2 ** 31 - 1;
const SIGNAL_PATH = 'v1/traces';
const BASE = 'OTEL_EXPORTER_OTLP_';
const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_';
// What the sender sets itself; another value would break the request.
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
]);
const UNSUPPORTED = ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'];

/** Reads where spans go, or null where no endpoint is set, or none that can be called. */
export function readOtlpSettings(values: EnvironmentValues): OtlpSettings | null {
  const url = readUrl(values);
  if (url === null) return null;
  for (const name of [`${BASE}PROTOCOL`, `${TRACES}PROTOCOL`]) {
    values.choice(name, ['http/protobuf'], 'http/protobuf');
  }
  for (const name of UNSUPPORTED.flatMap((end) => [BASE + end, TRACES + end])) {
    if (values.text(name) !== '') values.complain(name, 'unset (see NODE_EXTRA_CA_CERTS)', 'nothing of it');
  }
  return {
    url,
    headers: readHeaders(values),
    isGzip: readCompression(values) === 'gzip',
    timeoutMs: values.wholeNumber([`${TRACES}TIMEOUT`, `${BASE}TIMEOUT`], {
      min: 1,
      max: MAX_MS,
      byDefault: 10_000,
    }),
    batchTimeoutMs: values.wholeNumber(['OTEL_BSP_EXPORT_TIMEOUT'], {
      min: 1,
      max: MAX_MS,
      byDefault: 30_000,
    }),
  };
}

/** The endpoint of traces is taken as it is; to the one of all signals the path of traces is added. */
function readUrl(values: EnvironmentValues): string | null {
  const own = values.text(`${TRACES}ENDPOINT`);
  const name = own === '' ? `${BASE}ENDPOINT` : `${TRACES}ENDPOINT`;
  const text = values.text(name);
  if (text === '') return null;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    values.complain(name, 'a URL that begins with http:// or https://', 'none: traces are off');
    return null;
  }
  if (own === '') url.pathname += url.pathname.endsWith('/') ? SIGNAL_PATH : `/${SIGNAL_PATH}`;
  return url.href;
}

function readHeaders(values: EnvironmentValues): Readonly<Record<string, string>> {
  const names = [`${BASE}HEADERS`, `${TRACES}HEADERS`];
  const given = Object.entries(values.pairs(names));
  const good = given.filter((pair) => isHeader(pair) && !OWN_HEADERS.has(pair[0].toLowerCase()));
  if (good.length < given.length) {
    values.complain(names.join(' or '), 'headers that may be set', 'what is left without the others');
  }
  return Object.fromEntries(good.map(([name, value]) => [name.toLowerCase(), value]));
}

function readCompression(values: EnvironmentValues): 'none' | 'gzip' {
  const choices = ['none', 'gzip'] as const;
  return values.choice(`${TRACES}COMPRESSION`, choices, values.choice(`${BASE}COMPRESSION`, choices, 'none'));
}
