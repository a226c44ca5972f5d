/** One row of what the product must survive. */
export interface FaultRow {
  readonly part: 'Provider' | 'Client' | 'Health service and poller' | 'Telemetry' | 'State and money';
  /** Each is to be proved by a test whose title begins with the part and these words. */
  readonly faults: readonly string[];
  /** What is right when any of them happens. */
  readonly right: string;
}

/** The faults of providers, clients, health service and poller, telemetry, and state, each with what is right. */
export const FAULT_ROWS: readonly FaultRow[] = [
  {
    part: 'Provider',
    faults: ['accepts and never answers'],
    right: 'first-token deadline; socket destroyed, not pooled; next target; outcome `timeout`',
  },
  {
    part: 'Provider',
    faults: ['stalls between chunks', 'drips a byte a second'],
    right: 'idle deadline per complete event, total cap, flat memory',
  },
  {
    part: 'Provider',
    faults: ['clean close without a finish reason', 'reset mid-stream', 'half-close'],
    right: 'never a whole answer; no `[DONE]`',
  },
  {
    part: 'Provider',
    faults: [
      'malformed stream, bad JSON',
      'malformed stream, 10 MB line',
      'malformed stream, CR only',
      'malformed stream, BOM',
      'malformed stream, NUL',
      'malformed stream, UTF-8 split over chunks',
      'malformed stream, `event:` only',
      'malformed stream, comments',
      'malformed stream, `[DONE]` twice',
      'malformed stream, data after `[DONE]`',
    ],
    right: 'no crash, bounded line buffer',
  },
  {
    part: 'Provider',
    faults: ['oversized body', 'bomb-compressed body', 'stacked encodings'],
    right: 'cap on decompressed bytes',
  },
  {
    part: 'Provider',
    faults: [
      '429 with Retry-After in seconds',
      '429 with Retry-After as a date',
      '429 with Retry-After negative',
      '429 with Retry-After huge',
      '429 with Retry-After garbage',
      '429 with retry-after-ms',
    ],
    right: 'honoured, capped; not a breaker failure',
  },
  {
    part: 'Provider',
    faults: ['100% 5xx'],
    right: 'amplification ≤ 1.2×; breaker opens; recovery through bounded half-open',
  },
  {
    part: 'Provider',
    faults: ['twenty times slower'],
    right: 'score falls before errors come',
  },
  {
    part: 'Provider',
    faults: [
      'TLS expired',
      'TLS wrong name',
      'TLS self-signed',
      'TLS hanging handshake',
      'DNS missing',
      'DNS failing',
      'DNS slow',
      'DNS flipping to a private address',
    ],
    right: 'no connection that cannot be trusted; next target; outcome `network` or `timeout`',
  },
  {
    part: 'Provider',
    faults: [
      '200 with an error body',
      '200 with HTML',
      '200 with no choices',
      '200 with usage missing',
      '200 with usage negative',
      '200 with usage of 1e30',
      '200 with usage as a string',
    ],
    right: 'a failure or a clamp, never a negative charge',
  },
  {
    part: 'Provider',
    faults: ['redirect to another host'],
    right: 'not followed; credentials never leave',
  },
  {
    part: 'Provider',
    faults: ['reset on a reused connection before any byte'],
    right: 'one safe retry',
  },
  {
    part: 'Provider',
    faults: ['all providers bad at once'],
    right: 'least bad is tried, then 503 with `Retry-After`; liveness stays 200',
  },
  {
    part: 'Client',
    faults: ['leaves before the first byte', 'leaves mid-stream', 'leaves after the last byte'],
    right: "provider aborted within a second, billed once for what was made, 499, not the provider's fault",
  },
  {
    part: 'Client',
    faults: ['reads slowly'],
    right: 'back-pressure, bounded buffer, write deadline',
  },
  {
    part: 'Client',
    faults: ['slowloris headers', 'slow body', 'thousands of idle connections'],
    right: 'header and request deadlines; others unaffected',
  },
  {
    part: 'Client',
    faults: [
      'request smuggling shapes',
      'two Host headers',
      'absolute-form',
      'obsolete folding',
      'chunk-extension floods',
    ],
    right: '400 and close, no side effect',
  },
  {
    part: 'Client',
    faults: [
      'body empty',
      'body huge',
      'body 10^5 deep',
      'body with 10^6 keys',
      'body with duplicate keys',
      'body with `__proto__`',
      'body with lone surrogates',
      'body with NaN',
    ],
    right: '400/413, prototype untouched',
  },
  {
    part: 'Client',
    faults: [
      '`model` as array',
      '`model` as object',
      '`model` as number',
      '`model` of a megabyte',
      '`model` with CRLF',
      '`model` with quotes',
    ],
    right: '400; never a label',
  },
  {
    part: 'Client',
    faults: ['header bombs', 'odd content types', 'pipelining'],
    right: 'bounded; no cross-talk',
  },
  {
    part: 'Health service and poller',
    faults: ['down', 'refusing', 'hanging', '29 s slow'],
    right: 'own timeout, no overlapping polls, age shown, gauges gone after three misses',
  },
  {
    part: 'Health service and poller',
    faults: ['garbage', 'HTML', 'truncated', '500 MB', 'NaN', 'nulls', 'unknown fields'],
    right: 'size cap, bad entries dropped and counted, good ones kept',
  },
  {
    part: 'Health service and poller',
    faults: [
      'statuses vanish or are renamed',
      'models vanish or are renamed',
      'providers vanish or are renamed',
    ],
    right: 'stale series gone within one poll; series bounded',
  },
  {
    part: 'Health service and poller',
    faults: ['flapping provider'],
    right: 'hysteresis, one incident',
  },
  {
    part: 'Health service and poller',
    faults: ["the monitor's own network dead"],
    right: 'providers not blamed',
  },
  {
    part: 'Health service and poller',
    faults: ['restart in the middle of an incident'],
    right: 'kept, not opened twice',
  },
  {
    part: 'Health service and poller',
    faults: [
      'probe cost, rate and concurrency',
      'probe cost, token budget',
      'probe cost, free checks',
      'probe cost, reasoning models',
      "probe cost, users' figures and bills",
    ],
    right:
      "bounded rate, concurrency and token budget; free checks first; reasoning models safe (`max_tokens` ≥ 16); probes never in users' figures or bills",
  },
  {
    part: 'Health service and poller',
    faults: ['clock jumps', 'a gap'],
    right: 'durations from the monotonic clock; windows cleared after a gap',
  },
  {
    part: 'Health service and poller',
    faults: ['two replicas'],
    right: 'one probe, one verdict',
  },
  {
    part: 'Telemetry',
    faults: ['random models, paths, keys, agents'],
    right: 'series ≤ cap, scrape ≤ 1 MB',
  },
  {
    part: 'Telemetry',
    faults: ['scrape storm', 'slow scraper', 'scraper that dies'],
    right: 'coalesced, bounded',
  },
  {
    part: 'Telemetry',
    faults: ['a worker dies or hangs'],
    right: 'the scrape answers within a second, no counter goes down',
  },
  {
    part: 'Telemetry',
    faults: ['Loki down an hour', 'Loki slow', 'Loki 429', 'Loki 400', 'Loki reset'],
    right: 'bounded by lines and bytes; written = delivered + dropped + queued, exactly; requests unaffected',
  },
  {
    part: 'Telemetry',
    faults: [
      'hostile log fields, CRLF',
      'hostile log fields, ANSI',
      'hostile log fields, 1 MB',
      'hostile log fields, cyclic',
      'hostile log fields, BigInt',
      'hostile log fields, throwing getters',
    ],
    right: 'one JSON line each, never a throw',
  },
  {
    part: 'Telemetry',
    faults: ['Tempo down', 'Tempo hanging', 'Tempo 503'],
    right: 'started = exported + dropped; shutdown inside its budget',
  },
  {
    part: 'Telemetry',
    faults: ['hostile traceparent', 'hostile tracestate', 'hostile baggage'],
    right: 'the rules of W3C',
  },
  {
    part: 'Telemetry',
    faults: ['stdout blocked', 'disk full'],
    right: 'goes on, counts',
  },
  {
    part: 'Telemetry',
    faults: ['`/metrics` without its token'],
    right: '401, compared in constant time',
  },
  {
    part: 'State and money',
    faults: [
      'Redis down',
      'Redis stopped',
      'Redis flapping',
      'Redis slow',
      'Redis read-only',
      'Redis out of memory',
      'Redis flushed',
    ],
    right: '≤ 200 ms, then local, counted; never a false 429',
  },
  {
    part: 'State and money',
    faults: ['Postgres down', 'Postgres restarted', 'Postgres slow', 'Postgres pool exhausted'],
    right: 'finished but unrecorded charges kept durably; keys from a short cache, then fail closed',
  },
  {
    part: 'State and money',
    faults: ['SIGKILL under load on SQLite', 'SIGKILL under load on Postgres'],
    right: 'nothing lost, nothing charged twice, no orphaned reservation',
  },
  {
    part: 'State and money',
    faults: [
      'duplicate settle',
      'out-of-order settle',
      '1,000 parallel requests on a key with credit for 10',
    ],
    right: 'exact; integers only',
  },
  {
    part: 'State and money',
    faults: ['SQLite file locked', 'SQLite on a full disk', 'SQLite file torn', 'backup and restore'],
    right: 'waits within its limit, then fails loudly; backup and restore proved',
  },
];
