import { z } from 'zod';
import { embeddingModel, sandboxModels } from './models.ts';
import { RequestRefused } from './openai-error.ts';
import { countPieces } from './split-pieces.ts';

/** A chat or text completion request, reduced to what decides the answer. */
export interface TextRequest {
  readonly kind: 'chat' | 'text';
  readonly model: string;
  /** The last user message, or the prompt. */
  readonly question: string;
  /** The text of a closing assistant message, which the answer continues; empty where there is none. */
  readonly prefix: string;
  /** Approximate, see {@link countPieces}. */
  readonly promptTokens: number;
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

const tokenLimit = z.int().min(1).nullish();

const sharedFields = {
  model: z.string().min(1),
  max_tokens: tokenLimit,
  n: z.literal(1, 'only 1 is supported').nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
};

const contentPart = z.looseObject({ type: z.string(), text: z.string().optional() });

const chatSchema = z.looseObject({
  ...sharedFields,
  max_completion_tokens: tokenLimit,
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
        content: z.union([z.string(), z.array(contentPart)]).nullish(),
      }),
    )
    .min(1),
});

const textSchema = z.looseObject({
  ...sharedFields,
  prompt: z.union([z.string(), z.tuple([z.string()])]),
});

type SharedFields = Pick<z.infer<typeof textSchema>, 'model' | 'stop' | 'stream' | 'stream_options'>;
type Message = z.infer<typeof chatSchema>['messages'][number];

/** Parses a body by a schema. Throws {@link RequestRefused} with the first problem and its field. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const param = issue?.path.join('.') || null;
  const message = issue?.message ?? 'invalid body';
  throw new RequestRefused(400, param === null ? message : `Invalid value for '${param}': ${message}.`, {
    param,
  });
}

/** Throws {@link RequestRefused} (404) unless the sandbox has this model for this purpose. */
export function requireModel(model: string, purpose: 'text' | 'embeddings'): void {
  const details = { param: 'model', code: 'model_not_found' };
  if (!sandboxModels.includes(model)) {
    throw new RequestRefused(404, `The model '${model.slice(0, 100)}' does not exist.`, details);
  }
  if ((model === embeddingModel) !== (purpose === 'embeddings')) {
    throw new RequestRefused(404, `The model '${model}' is not available at this endpoint.`, details);
  }
}

function toText(content: Message['content']): string {
  if (content === null || content === undefined) return '';
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('\n');
}

function readShared(fields: SharedFields): Pick<TextRequest, 'model' | 'stop' | 'stream' | 'includeUsage'> {
  requireModel(fields.model, 'text');
  const stream = fields.stream === true;
  const options = fields.stream_options ?? null;
  if (options !== null && !stream) {
    throw new RequestRefused(400, "'stream_options' is only allowed when 'stream' is true.", {
      param: 'stream_options',
    });
  }
  const stop = typeof fields.stop === 'string' ? [fields.stop] : (fields.stop ?? []);
  return {
    model: fields.model,
    stop: stop.filter((sequence) => sequence !== ''),
    stream,
    includeUsage: options?.include_usage === true,
  };
}

/** Reads the body of `POST /v1/chat/completions`. Throws {@link RequestRefused}. */
export function readChatRequest(body: unknown): TextRequest {
  const fields = parseBody(chatSchema, body);
  const shared = readShared(fields);
  const texts = fields.messages.map((message) => toText(message.content));
  const lastUser = fields.messages.findLastIndex((message) => message.role === 'user');
  const endsInAssistant = fields.messages.at(-1)?.role === 'assistant';
  return {
    ...shared,
    kind: 'chat',
    question: texts[lastUser] ?? texts[0] ?? '',
    prefix: endsInAssistant ? (texts.at(-1) ?? '') : '',
    promptTokens: texts.reduce((sum, text) => sum + countPieces(text), 0),
    maxTokens: fields.max_completion_tokens ?? fields.max_tokens ?? null,
  };
}

/** Reads the body of `POST /v1/completions`. Throws {@link RequestRefused}. */
export function readTextRequest(body: unknown): TextRequest {
  const fields = parseBody(textSchema, body);
  const shared = readShared(fields);
  const question = typeof fields.prompt === 'string' ? fields.prompt : fields.prompt[0];
  return {
    ...shared,
    kind: 'text',
    question,
    prefix: '',
    promptTokens: countPieces(question),
    maxTokens: fields.max_tokens ?? null,
  };
}
