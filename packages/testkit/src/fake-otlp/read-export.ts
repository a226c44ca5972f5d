import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { decodeExport } from './otlp-messages.ts';
import { type ReceivedSpan, toAttributes, toReceivedSpan } from './received-span.ts';

const MAX_BODY_BYTES = 20 * 1024 * 1024;

/** Reads the spans of one request as strictly as OTLP is written; throws an error that says what is wrong. */
export function readExport(headers: IncomingHttpHeaders, body: Buffer): readonly ReceivedSpan[] {
  if (headers['content-type'] !== 'application/x-protobuf')
    throw new Error('a content type that is not protobuf');
  return decodeExport(decompress(headers['content-encoding'], body)).resourceSpans.flatMap((group) => {
    const resource = toAttributes(group.resource?.attributes ?? []);
    const service = resource['service.name'];
    if (typeof service !== 'string' || service === '') throw new Error('a resource without service.name');
    return group.scopeSpans.flatMap(({ scope, spans }) => {
      const { name = '', version = '' } = scope ?? {};
      return spans.map((span) => toReceivedSpan(span, { name, version }, resource));
    });
  });
}

function decompress(encoding: string | undefined, body: Buffer): Buffer {
  if (encoding === undefined) return body;
  if (encoding !== 'gzip') throw new Error('a content encoding that is not gzip');
  return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
}
