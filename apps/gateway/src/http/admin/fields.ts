import { z } from 'zod';

/** Fields that several endpoints read or show. */

const MAX_AMOUNT_MICRO = 1_000_000_000_000_000;
const LAST_TIME_MS = Date.UTC(10_000, 0, 1) - 1;
/** Control characters, line and paragraph separators, what turns the direction of text, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/** An id that an operator may choose. */
export const chosenId: z.ZodType<string, string> = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/,
    'Expected 1 to 64 letters, digits, ".", "_", "@", "+" or "-".',
  );

/** An id in a path or a filter: anything, as it is only looked for. */
export const anyId: z.ZodType<string, string> = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !UNPRINTABLE.test(text), 'Expected an id.');

export const idParams: z.ZodType<{ id: string }> = z.strictObject({ id: anyId });

/** A name for people. */
export const displayName: z.ZodType<string, string> = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !UNPRINTABLE.test(text), 'Expected a name without control characters.');

/** A word that becomes the label of a metric. */
export const labelWord: z.ZodType<string, string> = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'Expected 1 to 32 of a-z, 0-9, "_" and "-", a letter first.');

/** Micro-credits or micro-USD. */
export const amountMicro: z.ZodType<number, number> = z.int().min(0).max(MAX_AMOUNT_MICRO);
export const signedAmountMicro: z.ZodType<number, number> = z
  .int()
  .min(-MAX_AMOUNT_MICRO)
  .max(MAX_AMOUNT_MICRO)
  .refine((amount) => amount !== 0, 'Expected an amount that is not 0.');

/** A time to come or gone, as it is read; epoch milliseconds then. */
export const time: z.ZodType<number, string> = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((epochMs) => epochMs >= 0 && epochMs <= LAST_TIME_MS, 'Expected a time between 1970 and 9999.');

/** A time, as it is shown. */
export const shownTime: z.ZodType<string> = z.iso.datetime();

/** Which part of a list is asked for. */
export const pageFields: {
  readonly limit: z.ZodType<number>;
  readonly after: z.ZodType<string | undefined>;
} = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: anyId.optional().meta({ description: 'The id of the last one that is known.' }),
};
export const pageQuery: z.ZodType<{ limit: number; after?: string | undefined }> = z.strictObject(pageFields);

/** A list as it is answered. */
export interface ShownList<Item> {
  readonly object: 'list';
  readonly data: readonly Item[];
  readonly has_more: boolean;
}

/** The schema of a list. */
export function listOf<Item>(item: z.ZodType<Item>): z.ZodType<ShownList<Item>> {
  return z.strictObject({ object: z.literal('list'), data: z.array(item).readonly(), has_more: z.boolean() });
}

/** Shows a part of a list. */
export function toList<Row, Item>(
  { rows, hasMore }: { readonly rows: readonly Row[]; readonly hasMore: boolean },
  show: (row: Row) => Item,
): ShownList<Item> {
  return { object: 'list', data: rows.map(show), has_more: hasMore };
}

/** A time of the database, as it is shown. */
export function showTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The same where there may be none. */
export function showTimeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : showTime(epochMs);
}
