import type { IncomingHttpHeaders } from 'node:http';
import { type Reply, toErrorReply } from './openai-error.ts';

const loopbackHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** True for `127.0.0.1`, `localhost` and `[::1]`, with or without a port. */
function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && loopbackHost.test(host);
}

/**
 * The refusal (403) of a request that a web page elsewhere may have caused: its `Host` is not this machine's
 * loopback (DNS rebinding), or it has a foreign `Origin`. Null where the request may be served.
 */
export function refuseForeign(headers: IncomingHttpHeaders): Reply | null {
  if (!isLoopbackHost(headers.host)) {
    return toErrorReply(403, 'The sandbox answers requests to the loopback address only.', {
      code: 'foreign_host',
    });
  }
  const { origin } = headers;
  if (origin !== undefined && !isLoopbackHost(origin.replace(/^https?:\/\//, ''))) {
    return toErrorReply(403, 'The sandbox answers no requests from other origins.', {
      code: 'foreign_origin',
    });
  }
  return null;
}
