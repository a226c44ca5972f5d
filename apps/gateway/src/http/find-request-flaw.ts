import type { IncomingMessage } from 'node:http';

/** What makes a well-formed message ambiguous or impossible to serve. */
export interface RequestFlaw {
  readonly status: 400 | 417;
  readonly message: string;
}

const SLASH = 0x2f;
/** What a host and its port may consist of, by RFC 3986. */
const HOST_VALUE = /^[\w.~!$&'()*+,;=%:[\]-]*$/;

const TARGET = malformed('The request target must be a path.');
const HOSTS = malformed('The request must have exactly one Host.');
const HOST_CHARACTERS = malformed('The Host is malformed.');
const VERSION = malformed('The HTTP version is not supported.');
const CODING = malformed('The only transfer coding is "chunked", and it needs HTTP/1.1.');
const EXPECTATION: RequestFlaw = { status: 417, message: 'The only expectation is "100-continue".' };

/**
 * Finds what the HTTP parser lets pass although two servers may read it differently (RFC 9112, sections 3.2, 6.1
 * and 11.2): another host than the one meant, or another end of the body. Null where there is nothing.
 */
export function findRequestFlaw(request: IncomingMessage): RequestFlaw | null {
  const { url, headers, httpVersionMajor, httpVersionMinor } = request;
  if (httpVersionMajor !== 1) return VERSION;
  if (url?.charCodeAt(0) !== SLASH) return TARGET;
  const hosts = countHosts(request.rawHeaders);
  if (hosts !== 1 && (hosts > 1 || httpVersionMinor > 0)) return HOSTS;
  if (hosts === 1 && !HOST_VALUE.test(headers.host ?? '')) return HOST_CHARACTERS;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (httpVersionMinor === 0 || coding.toLowerCase() !== 'chunked')) return CODING;
  const { expect } = headers;
  return expect === undefined || expect.toLowerCase() === '100-continue' ? null : EXPECTATION;
}

/** The parsed headers hold only the first of several. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

function malformed(message: string): RequestFlaw {
  return { status: 400, message };
}
