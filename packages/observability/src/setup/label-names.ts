/** What takes in the names over a cap, and those that are none. */
export const OTHER = 'other';

/** Longer label values are cut off by the registry anyway. */
const MAX_LENGTH = 256;

/** A string of the application's as a label value; whatever else it hands over is `other`. */
export function readLabelName(value: unknown): string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH ? value : OTHER;
}
