import { newSpanId, type Trace, type Tracing } from '@gatewayz/telemetry';
import type { Attempt } from './attempt.ts';
import type { Arrival } from './exchange.ts';

/** How requests and answers say which trace they belong to. */
export interface TraceRules {
  /** Null where spans go nowhere. */
  readonly tracing: Tracing | null;
  /** Whether providers are told. */
  readonly tracesToProviders: boolean;
}

/** The gateway's own headers of an answer, names and values in turn. */
export function toAnswerHeaders(
  { id, trace, lease }: Pick<Arrival, 'id' | 'trace' | 'lease'>,
  attempts: readonly Attempt[],
  { tracing }: TraceRules,
): readonly string[] {
  const target = attempts.at(-1)?.target;
  const own = [
    'x-request-id',
    id,
    'x-gatewayz-provider',
    target?.provider.name ?? '',
    'x-gatewayz-model',
    target?.model ?? '',
    'x-gatewayz-attempts',
    String(attempts.length),
    ...lease.headers,
  ];
  if (tracing !== null && trace !== null) own.push('traceparent', tracing.traceparent(trace));
  return own;
}

/** The headers of a call, names and values in turn; the attempt gets its span's id where a provider is told of it. */
export function toProviderHeaders(
  attempt: Attempt,
  trace: Trace | null,
  { tracing, tracesToProviders }: TraceRules,
): readonly string[] {
  const { headers } = attempt.target.provider;
  if (!tracesToProviders || tracing === null || trace === null) return headers;
  attempt.spanId = newSpanId();
  return [...headers, ...Object.entries(tracing.outgoing(trace, attempt.spanId)).flat()];
}
