import type { Outcome } from '@gatewayz/provider-health';
import { GEN_AI, type Tracing } from '@gatewayz/telemetry';
import type { ProbeResult } from '../core/types.ts';

/** Records the span of a probe that has just ended; one that failed is kept whatever the sampling said. */
export function recordProbe(tracing: Tracing, result: ProbeResult): void {
  const { key, kind, outcome, latencyMs, atEpochMs, requestId, detail } = result;
  const trace = tracing.begin({});
  const isFailure = !NO_FAILURES.has(outcome);
  if (tracing.keepReason(trace, latencyMs, isFailure ? 'error' : null) === null) return;
  const endMs = performance.now() - (Date.now() - atEpochMs);
  tracing.record(trace, [
    {
      name: 'probe',
      kind: 'client',
      spanId: trace.spanId,
      parentSpanId: '',
      startMs: endMs - latencyMs,
      endMs,
      attributes: {
        'ai.provider': key.provider,
        [GEN_AI.requestModel]: key.model === '' ? undefined : key.model,
        'gatewayz.probe_kind': kind,
        'gatewayz.outcome': outcome,
        'gatewayz.provider_request_id': requestId,
        'error.type': isFailure ? outcome : undefined,
      },
      ...(isFailure ? { status: 'error', errorMessage: detail ?? outcome } : {}),
    },
  ]);
}

/** A probe that was stopped with the service has not failed. */
const NO_FAILURES: ReadonlySet<Outcome> = new Set(['success', 'client_closed']);
