import { invalidRequest } from '../http/api-error.ts';

/** One of OpenAI's inference endpoints: where it is, and what its body must hold. */
export interface Endpoint {
  /** The gateway's route; also the value of the `endpoint` label. */
  readonly route: string;
  /** What is appended to a provider's base URL. */
  readonly path: string;
  /** `gen_ai.operation.name` of OpenTelemetry's GenAI conventions. */
  readonly operation: 'chat' | 'text_completion' | 'embeddings';
  readonly streams: boolean;
  /** Takes messages, so that an answer can be continued behind a last one of the assistant. */
  readonly isChat: boolean;
  /** The field without which a plain answer is not an answer. */
  readonly answerField: 'choices' | 'data';
  /** Throws an ApiError where the endpoint's own required field is missing or of a wrong type. */
  readonly validate: (body: Readonly<Record<string, unknown>>) => void;
}

export const ENDPOINTS: readonly Endpoint[] = [
  {
    route: '/v1/chat/completions',
    path: '/chat/completions',
    operation: 'chat',
    streams: true,
    isChat: true,
    answerField: 'choices',
    validate: (body) => requireList(body, 'messages', isObject, 'a list of messages'),
  },
  {
    route: '/v1/completions',
    path: '/completions',
    operation: 'text_completion',
    streams: true,
    isChat: false,
    answerField: 'choices',
    validate: (body) => requireText(body, 'prompt'),
  },
  {
    route: '/v1/embeddings',
    path: '/embeddings',
    operation: 'embeddings',
    streams: false,
    isChat: false,
    answerField: 'data',
    validate: (body) => requireText(body, 'input'),
  },
];

function isObject(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function requireList(
  body: Readonly<Record<string, unknown>>,
  param: string,
  isItem: (value: unknown) => boolean,
  expected: string,
): void {
  const value = body[param];
  if (!Array.isArray(value) || value.length === 0 || !value.every(isItem)) {
    throw invalidRequest(`"${param}" must be ${expected}, and not empty.`, { param });
  }
}

function requireText(body: Readonly<Record<string, unknown>>, param: string): void {
  if (typeof body[param] === 'string') return;
  const isToken = (value: unknown): boolean =>
    typeof value === 'string' || typeof value === 'number' || Array.isArray(value);
  requireList(body, param, isToken, 'a string, or a list of strings or tokens');
}
