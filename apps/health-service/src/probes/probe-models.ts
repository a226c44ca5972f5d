import { isModelName } from '@gatewayz/config';
import { classifyStatus, type Outcome } from '@gatewayz/provider-health';
import { z } from 'zod';
import { askProvider } from './ask-provider.ts';
import { describeRefusal } from './describe-refusal.ts';
import type { ProbedProvider } from './probed-provider.ts';

const MAX_LIST_BYTES = 16_777_216;
const MAX_MODELS = 5000;

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** How `GET /models` ended; `models` is null where there was no list to read. */
export interface ModelsProbe {
  readonly outcome: Outcome;
  readonly latencyMs: number;
  readonly requestId: string | null;
  readonly detail: string | null;
  readonly models: readonly string[] | null;
}

/** Asks a provider for its list of models with our credentials, which costs nothing. Never rejects. */
export async function probeModels(
  provider: ProbedProvider,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<ModelsProbe> {
  const request = { method: 'GET', path: '/models', timeoutMs, maxBytes: MAX_LIST_BYTES, stop } as const;
  const answer = await askProvider(provider, request);
  const { latencyMs, requestId } = answer;
  if (answer.kind === 'failed') {
    return { outcome: answer.outcome, latencyMs, requestId, detail: answer.detail, models: null };
  }
  const outcome = classifyStatus(answer.status);
  if (outcome !== 'success') {
    const detail = describeRefusal(provider, answer.status, answer.body);
    return { outcome, latencyMs, requestId, detail, models: null };
  }
  const models = readList(answer.body);
  if (models === null) {
    const detail = 'the answer to GET /models is no list of models';
    return { outcome: 'provider_error', latencyMs, requestId, detail, models: null };
  }
  return { outcome, latencyMs, requestId, detail: null, models };
}

/** The names that can stand in a label or a header, none twice, the first 5,000; null where it is no list. */
function readList(body: Buffer): readonly string[] | null {
  try {
    const { data } = listSchema.parse(JSON.parse(body.toString('utf8')));
    const names = data.map(({ id }) => id).filter(isModelName);
    return [...new Set(names)].slice(0, MAX_MODELS);
  } catch {
    return null;
  }
}
