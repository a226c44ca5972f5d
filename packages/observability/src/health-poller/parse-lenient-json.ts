import { HealthPollError } from './health-poll-error.ts';

/**
 * Parses JSON, and reads the bare `NaN` and `Infinity` that some writers print (Python's, by default) as null, so
 * that one bad number costs no other. Throws {@link HealthPollError} for anything else that is no JSON.
 */
export function parseLenientJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (strict) {
    try {
      return JSON.parse(withoutBareNumbers(text));
    } catch {
      throw new HealthPollError('malformed', 'no JSON', { cause: strict });
    }
  }
}

// One token at a time and no nested repetition: linear in the text, whatever it holds.
const QUOTE_OR_NUMBER = /\\.|"|-?(?:NaN|Infinity)/gs;

function withoutBareNumbers(text: string): string {
  let isInString = false;
  return text.replace(QUOTE_OR_NUMBER, (token) => {
    if (token === '"') isInString = !isInString;
    const isNumber = !isInString && token !== '"' && !token.startsWith('\\');
    return isNumber ? 'null' : token;
  });
}
