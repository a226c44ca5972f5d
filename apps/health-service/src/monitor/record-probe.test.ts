import { createTracing } from '@gatewayz/telemetry';
import { startFakeOtlp } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { ProbeResult } from '../core/types.ts';
import { describeRefusal } from '../probes/describe-refusal.ts';
import type { ProbedProvider } from '../probes/probed-provider.ts';
import { recordProbe } from './record-probe.ts';

const KEY = 'canaryProviderKey9E4z';

test("of a provider's words a span has one line of bounded length, without our secrets", async () => {
  await using collector = await startFakeOtlp();
  const tracing = createTracing({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  if (tracing === null) throw new Error('tracing is off');
  const provider = { secrets: [KEY, 'canaryHeader'] } as unknown as ProbedProvider;
  const message = `no\n\u0000such key: ${KEY}, canaryHeader, Bearer canaryToken ${'x'.repeat(20_000)}${KEY}`;
  const result: ProbeResult = {
    key: { provider: 'one', model: 'large' },
    kind: 'completion',
    outcome: 'credentials',
    latencyMs: 5,
    atEpochMs: Date.now(),
    detail: describeRefusal(provider, 401, Buffer.from(JSON.stringify({ error: { message } }))),
  };
  recordProbe(tracing, result);
  await tracing.close(5000);
  const [span] = collector.spans;
  expect(span?.status.code).toBe('error');
  expect(span?.status.message).toMatch(
    /^answered 401: no such key: \[redacted\], \[redacted\], Bearer \[redacted\] x+$/,
  );
  expect(span?.status.message.length).toBeLessThanOrEqual(300);
});
