import { MAX_LIST_BYTES, parseModelList } from '@gatewayz/provider-client';
import { classifyStatus, type Outcome } from '@gatewayz/provider-health';
import { askProvider } from './ask-provider.ts';
import { describeRefusal } from './describe-refusal.ts';
import type { ProbedProvider } from './probed-provider.ts';

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

/** The models of the list, null where it is none. */
function readList(body: Buffer): readonly string[] | null {
  try {
    return parseModelList(body);
  } catch {
    return null;
  }
}
