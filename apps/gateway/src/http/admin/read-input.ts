import type { z } from 'zod';
import { invalidRequest } from '../api-error.ts';

/** What is said of a flaw; names of unknown fields are a client's own and may be of any length. */
const MAX_MESSAGE = 300;

/** Reads a part of a request by its schema; without one nothing is read. Throws an `ApiError` that names the field. */
export function readInput<Output>(schema: z.ZodType<Output> | null, input: unknown): Output {
  if (schema === null) return undefined as Output;
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const message = toPlainText(issue?.message ?? 'The request is not valid.');
  throw invalidRequest(message, { param: toPlainText(issue?.path.join('.') ?? '') || null });
}

/** Reads a body as JSON. */
export function readJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) throw invalidRequest('A JSON body is needed.');
  try {
    return JSON.parse(body.toString());
  } catch {
    throw invalidRequest('The body is not valid JSON.');
  }
}

function toPlainText(text: string): string {
  const cut = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;
  return cut.replaceAll(/[\p{Cc}\p{Cs}]/gu, '?');
}
