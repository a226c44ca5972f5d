import { classifyStatus, type Outcome } from '@gatewayz/provider-health';
import { z } from 'zod';
import { askProvider } from './ask-provider.ts';
import { describeRefusal, messageOf } from './describe-refusal.ts';
import type { ProbedProvider } from './probed-provider.ts';

const MAX_ANSWER_BYTES = 262_144;
const PROMPT = 'Reply with: ok';

/** Tokens that the prompt comes to with every tokenizer and chat template, generously. */
export const PROMPT_TOKENS = 24;

/** Newer models of some providers refuse `max_tokens`, others do not know its successor. */
export type TokenLimitField = 'max_tokens' | 'max_completion_tokens';

/** Tokens as the provider counted them. */
export interface ProbeUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** How one small completion ended. */
export interface CompletionProbe {
  readonly outcome: Outcome;
  readonly latencyMs: number;
  readonly requestId: string | null;
  readonly detail: string | null;
  /** Null where none was told. */
  readonly usage: ProbeUsage | null;
  /** False where the provider surely made nothing: it refused, or was never reached. */
  readonly mayHaveCost: boolean;
  /** The field that the model wants instead of the one it was sent. */
  readonly wants: TokenLimitField | null;
}

/** What is asked of which model. */
export interface CompletionRequest {
  readonly model: string;
  readonly maxTokens: number;
  readonly limitField: TokenLimitField;
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
}

const count = z.number().int().min(0).max(1_000_000_000).catch(0);
const usageSchema = z.object({ prompt_tokens: count, completion_tokens: count }).nullish().catch(null);
const answerSchema = z.object({
  choices: z
    .array(z.object({ message: z.looseObject({}), finish_reason: z.string().nullish().catch(null) }))
    .min(1),
  usage: usageSchema,
});

/** Asks a model for a few tokens. Never rejects. An answer cut at the limit is a success, empty or not. */
export async function probeCompletion(
  provider: ProbedProvider,
  request: CompletionRequest,
): Promise<CompletionProbe> {
  const { model, maxTokens, limitField, timeoutMs, stop } = request;
  const messages = [{ role: 'user', content: PROMPT }];
  const body = JSON.stringify({ model, messages, [limitField]: maxTokens, stream: false });
  const answer = await askProvider(provider, {
    method: 'POST',
    path: '/chat/completions',
    body,
    timeoutMs,
    maxBytes: MAX_ANSWER_BYTES,
    stop,
  });
  const { latencyMs, requestId } = answer;
  const base = { latencyMs, requestId, detail: null, usage: null, mayHaveCost: false, wants: null };
  if (answer.kind === 'failed') {
    const { outcome, detail } = answer;
    return { ...base, outcome, detail, mayHaveCost: outcome !== 'network' };
  }
  const outcome = classifyStatus(answer.status);
  if (outcome !== 'success') {
    const detail = describeRefusal(provider, answer.status, answer.body);
    return { ...base, outcome, detail, wants: wantedField(answer.status, answer.body, limitField) };
  }
  return { ...base, ...readAnswer(provider, answer.status, answer.body), mayHaveCost: true };
}

function readAnswer(
  provider: ProbedProvider,
  status: number,
  body: Buffer,
): Pick<CompletionProbe, 'outcome' | 'detail' | 'usage'> {
  const parsed = answerSchema.safeParse(parse(body));
  if (!parsed.success) {
    const said = messageOf(body);
    const detail =
      said === null ? 'the answer is no chat completion' : describeRefusal(provider, status, body);
    return { outcome: 'provider_error', detail, usage: null };
  }
  const { usage } = parsed.data;
  return {
    outcome: 'success',
    detail: null,
    usage:
      usage === null || usage === undefined
        ? null
        : { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens },
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

function wantedField(status: number, body: Buffer, sent: TokenLimitField): TokenLimitField | null {
  if (status !== 400 && status !== 422) return null;
  const text = body.subarray(0, 4096).toString('utf8');
  if (sent === 'max_tokens') return text.includes('max_completion_tokens') ? 'max_completion_tokens' : null;
  return text.includes('max_completion_tokens') ? 'max_tokens' : null;
}
