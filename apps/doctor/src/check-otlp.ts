import { type CheckResult, fail, ok, skipped } from './check-result.ts';
import type { Deployment } from './deployment.ts';
import { showPlace } from './place.ts';

/** Whether the OTLP endpoint takes traces over HTTP: an export of no spans is posted to it. */
export async function checkOtlp({ otlpTraces, ask }: Deployment): Promise<CheckResult> {
  if (otlpTraces === null) {
    return skipped('OTEL_EXPORTER_OTLP_ENDPOINT is not set', 'Set it to have the trace receiver checked.');
  }
  const name = showPlace(otlpTraces);
  const answer = await ask(otlpTraces, { emptyBodyOf: 'application/x-protobuf' });
  if (answer.kind === 'unanswered') {
    const next =
      'Start the receiver, or correct OTEL_EXPORTER_OTLP_ENDPOINT: OTLP over HTTP is at port 4318.';
    return fail(`${name} ${answer.why}`, next);
  }
  const { status } = answer;
  // Some receivers call an export of nothing a bad request; they are there nonetheless.
  if ((status >= 200 && status < 300) || status === 400) return ok(`${name} takes traces`);
  if (status === 401 || status === 403) {
    return fail(`${name} refuses the credentials (${status})`, 'Correct OTEL_EXPORTER_OTLP_HEADERS.');
  }
  return fail(
    `${name} answers ${status}`,
    'Correct OTEL_EXPORTER_OTLP_ENDPOINT: the base, without /v1/traces.',
  );
}
