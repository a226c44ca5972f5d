/** The process's environment as the rest of the program sees it; nothing else reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Replaces `${NAME}` and `${NAME:-fallback}` in every string of a parsed file; reports names that are not set. */
export function expandEnvironment(
  value: unknown,
  environment: Environment,
  missing: (path: readonly (string | number)[], variable: string) => void,
  path: readonly (string | number)[] = [],
): unknown {
  if (typeof value === 'string') {
    return value.replace(
      /\$\{(\w+)(?::-([^}]*))?\}/g,
      (_, variable: string, fallback: string | undefined) => {
        const found = environment[variable] || fallback;
        if (found === undefined) missing(path, variable);
        return found ?? '';
      },
    );
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => expandEnvironment(item, environment, missing, [...path, index]));
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        expandEnvironment(item, environment, missing, [...path, key]),
      ]),
    );
  }
  return value;
}
