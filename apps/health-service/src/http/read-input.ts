import { z } from 'zod';
import { HttpError } from './http-error.ts';

/** Reads a query or a body; throws the 400 that names the first thing that is wrong. */
export function readInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HttpError(400, `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not valid'}`);
}

/** A whole number in a query, in digits alone: the empty text is none, nor are `1e3` and `0x10`. */
export function integer(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}
