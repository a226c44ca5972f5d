import { validateHeaderName, validateHeaderValue } from 'node:http';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads variables as OpenTelemetry's specification asks: an empty one is as one not set, a bad one is its default. */
export interface EnvironmentValues {
  /** '' where it is not set. */
  text(name: string): string;
  isTrue(name: string): boolean;
  /** A whole number between the limits, from the first of the names that is set. */
  wholeNumber(names: readonly string[], limits: NumberLimits): number;
  /** One of the choices, compared without case. */
  choice<Choice extends string>(name: string, choices: readonly Choice[], byDefault: Choice): Choice;
  /** `key=value` pairs, percent-decoded, of all the names; a later name's pair wins. */
  pairs(names: readonly string[]): Readonly<Record<string, string>>;
  complain(name: string, expected: string, used: string): void;
}

/** What a number may be, and what it is where it was not said. */
export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  readonly byDefault: number;
}

/** Creates the reader. What it says of a bad variable never repeats the value: it may hold a secret. */
export function createEnvironmentValues(
  environment: Environment,
  onProblem: (problem: string) => void,
): EnvironmentValues {
  const text = (name: string): string => environment[name]?.trim() ?? '';
  const complain = (name: string, expected: string, used: string): void =>
    onProblem(`${name} must be ${expected}; ${used} is used`);

  return {
    text,
    complain,
    isTrue(name) {
      const value = text(name).toLowerCase();
      if (value !== '' && value !== 'true' && value !== 'false') complain(name, 'true or false', 'false');
      return value === 'true';
    },
    wholeNumber(names, { min, max, byDefault }) {
      const name = names.find((candidate) => text(candidate) !== '');
      if (name === undefined) return byDefault;
      const value = Number(text(name));
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      complain(name, `a whole number from ${min} to ${max}`, String(byDefault));
      return byDefault;
    },
    choice(name, choices, byDefault) {
      const value = text(name).toLowerCase();
      const found = choices.find((choice) => choice === value);
      if (found === undefined && value !== '') complain(name, `one of ${choices.join(', ')}`, byDefault);
      return found ?? byDefault;
    },
    pairs(names) {
      return Object.fromEntries(
        names.flatMap((name) => {
          const pairs = readPairs(text(name));
          if (pairs === null) complain(name, 'key=value pairs, percent-encoded, with commas between', 'none');
          return pairs ?? [];
        }),
      );
    },
  };
}

/** Whether Node would send these; a bad one would fail every export. */
export function isHeader([name, value]: readonly [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function readPairs(text: string): readonly (readonly [string, string])[] | null {
  const pairs: (readonly [string, string])[] = [];
  for (const member of text.split(',')) {
    if (member.trim() === '') continue;
    const equals = member.indexOf('=');
    if (equals < 1) return null;
    const key = decode(member.slice(0, equals));
    const value = decode(member.slice(equals + 1));
    if (key === null || key === '' || value === null) return null;
    pairs.push([key, value]);
  }
  return pairs;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return null;
  }
}
