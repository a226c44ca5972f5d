import { isModelName } from '@gatewayz/config';
import { z } from 'zod';
import type { ProviderConnection } from './provider-connection.ts';

/** The largest answer to `GET /models` that is read. */
export const MAX_LIST_BYTES = 16_777_216;
const MAX_MODELS = 5000;
const LIST_TIMEOUT_MS = 15_000;

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * Asks a provider for its models. Names that cannot stand in a label or a header are left out, and so is what
 * comes after the first 5,000. Throws where the answer is not a list.
 */
export async function fetchModelList(provider: ProviderConnection): Promise<readonly string[]> {
  const { statusCode, body } = await provider.pool.request({
    method: 'GET',
    path: `${provider.basePath}/models`,
    headers: [...provider.headers],
    headersTimeout: LIST_TIMEOUT_MS,
    bodyTimeout: LIST_TIMEOUT_MS,
    signal: AbortSignal.timeout(LIST_TIMEOUT_MS),
  });
  if (statusCode !== 200) {
    // A body that is given up tells of it as an error.
    body.on('error', () => {}).destroy();
    throw new Error(`GET /models answered ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_LIST_BYTES) throw new Error(`GET /models answered more than ${MAX_LIST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return parseModelList(Buffer.concat(chunks));
}

/**
 * The names of a model list that can stand in a label or a header, none twice, the first 5,000. Throws where the
 * bytes are no such list.
 */
export function parseModelList(body: Buffer): readonly string[] {
  const { data } = listSchema.parse(JSON.parse(body.toString('utf8')));
  const names = data.map(({ id }) => id).filter(isModelName);
  return [...new Set(names)].slice(0, MAX_MODELS);
}
