/** Which methods the routes have, for the answer to a method that a path does not know. */
export interface RouteMethods {
  /** `pattern` may hold `:parameters`. */
  add(method: string, pattern: string): void;
  /** The methods of the path of a URL, sorted; none where no route has the path. */
  of(url: string): readonly string[];
}

interface KnownPath {
  readonly parts: readonly string[];
  readonly methods: Set<string>;
}

/** Creates the list, empty. It is asked only where no route was found, so that it may take its time. */
export function createRouteMethods(): RouteMethods {
  const paths = new Map<string, KnownPath>();
  return {
    add(method, pattern) {
      const known = paths.get(pattern) ?? { parts: pattern.split('/'), methods: new Set() };
      known.methods.add(method);
      paths.set(pattern, known);
    },
    of(url) {
      const parts = (url.split('?', 1)[0] ?? '').replace(/(?<=.)\/$/, '').split('/');
      const found = [...paths.values()].filter((known) => fits(parts, known.parts));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
    },
  };
}

function fits(parts: readonly string[], pattern: readonly string[]): boolean {
  if (parts.length !== pattern.length) return false;
  return pattern.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]));
}
