/** The longest label value that is kept, in UTF-16 units; a longer one is reported as `other`. */
export const MAX_LABEL_VALUE_LENGTH = 256;

/** What stands for every label value over a cap. */
export const OVERFLOW_LABEL_VALUE = 'other';

const UNPRINTABLE = 'unprintable';

/**
 * Reads one label from what a caller passed, and never throws: a missing, null or undefined value is '', a lone
 * surrogate becomes U+FFFD, what is not a string is converted, and what cannot be converted is `unprintable`.
 */
export function readLabelValue(labels: Readonly<Record<string, unknown>>, name: string): string {
  try {
    const value = labels[name];
    if (typeof value === 'string') {
      return value.toWellFormed();
    }
    // A label may be named `constructor`: what every object inherits is not a value.
    return value === undefined || value === null || !Object.hasOwn(labels, name)
      ? ''
      : String(value).toWellFormed();
  } catch {
    return labels === null || labels === undefined ? '' : UNPRINTABLE;
  }
}

/** Joins label values into a key from which they can be read back: no two lists share a key. */
export function appendToLabelKey(key: string, value: string): string {
  return `${key}${value.length}:${value}`;
}

/** Reads the label values back from a key. */
export function readLabelKey(key: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at < key.length; ) {
    const colon = key.indexOf(':', at);
    const end = colon + 1 + Number(key.slice(at, colon));
    values.push(key.slice(colon + 1, end));
    at = end;
  }
  return values;
}
