import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { readTokenUsage, type TokenUsage } from '@gatewayz/pricing';
import type { Endpoint } from './endpoint.ts';
import { type Failure, failure } from './failure.ts';

/** A plain answer that has been found whole. */
export interface Answer {
  readonly body: Buffer;
  readonly usage: TokenUsage | null;
  /** Why each of its choices ended. */
  readonly finishReasons: readonly string[];
}

const DECODERS = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** Checks that a body is an answer of this endpoint: JSON, no error inside, and the field it is asked for. */
export function readAnswer(endpoint: Endpoint, body: Buffer): Answer | Failure {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return failure('provider_error', 'the answer is not JSON', { status: 200 });
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return failure('provider_error', 'the answer is not an object', { status: 200 });
  }
  const fields = value as Record<string, unknown>;
  const items = fields[endpoint.answerField];
  if (!Array.isArray(items) || items.length === 0) {
    const what = fields.error ? 'an error' : `no ${endpoint.answerField}`;
    return failure('provider_error', `the answer has status 200 and ${what}`, { status: 200 });
  }
  return { body, usage: readTokenUsage(fields.usage), finishReasons: items.flatMap(readFinishReason) };
}

function readFinishReason(choice: unknown): readonly string[] {
  const reason = (choice as { readonly finish_reason?: unknown } | null)?.finish_reason;
  return typeof reason === 'string' ? [reason] : [];
}

/** Undoes a compression that was not asked for; the result may not be larger than `maxBytes`. */
export async function decodeBody(
  body: Buffer,
  encoding: string,
  maxBytes: number,
): Promise<Buffer | Failure> {
  const decoder = DECODERS.get(encoding.trim().toLowerCase());
  if (decoder === undefined)
    return failure('provider_error', 'the answer has an encoding that nobody asked for');
  try {
    return await decoder(body, { maxOutputLength: maxBytes });
  } catch {
    return failure('provider_error', 'the answer could not be decompressed within the limit');
  }
}
