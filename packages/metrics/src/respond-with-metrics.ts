import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip, negotiateFormat } from './content-negotiation.ts';
import { contentType } from './exposition-format.ts';
import type { Registry } from './registry.ts';

/** The request headers that decide what a scrape gets. */
export interface MetricsRequest {
  readonly accept?: string | undefined;
  readonly acceptEncoding?: string | undefined;
}

/** A whole HTTP answer. */
export interface MetricsResponse {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const compress = promisify(gzip);

// Scrapes that shared one render share its compressed form too.
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** Renders the registry as the request wants it, compressed off the event loop's thread where it accepts gzip. */
export async function respondWithMetrics(
  registry: Pick<Registry, 'render'>,
  request: MetricsRequest,
): Promise<MetricsResponse> {
  const format = negotiateFormat(request.accept);
  const text = await registry.render({ format });
  const isCompressed = acceptsGzip(request.acceptEncoding);
  const body = isCompressed ? await compressOnce(text) : text;
  const headers = {
    'content-type': contentType(format),
    'content-length': String(body.length),
    vary: 'accept, accept-encoding',
    ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
  };
  return { status: 200, headers, body };
}

function compressOnce(text: Buffer): Promise<Buffer> {
  const running = compressed.get(text) ?? compress(text, { level: 1, chunkSize: 65_536 });
  compressed.set(text, running);
  return running;
}
