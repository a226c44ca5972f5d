import type { Logger } from '@gatewayz/telemetry';
import type { Exchange } from '../inference/exchange.ts';

/** More than a line shows of a field, in bytes: a body may be of megabytes. */
const MAX_BYTES = 65_536;

/**
 * Writes the bodies of a request that has ended, each in a line of its own; nothing unless the logger is told to show
 * them. Keys are masked there as everywhere. Of a stream it is the text, where that was kept for a continuation.
 */
export function logBodies(logger: Logger, exchange: Exchange): void {
  if (!logger.showsBodies) return;
  const { arrival, attempts } = exchange;
  const fields = {
    request_id: arrival.id,
    trace_id: arrival.trace?.traceId,
    model: arrival.route.label,
  };
  logger.logBody('Request body', toText(arrival.request.body), fields);
  const last = attempts.at(-1);
  const answer = exchange.stream?.transcript?.text ?? toText(last?.answer?.body);
  const said = answer === '' ? last?.failure?.said?.message : answer;
  if (said !== undefined && said !== '') {
    logger.logBody('Answer body', said, { ...fields, provider: last?.target.provider.name });
  }
}

function toText(bytes: Buffer | undefined): string {
  return bytes?.toString('utf8', 0, MAX_BYTES) ?? '';
}
