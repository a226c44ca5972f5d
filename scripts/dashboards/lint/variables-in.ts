const REFERENCE = /\$\{(\w+)(?:[.:][^}]*)?\}|\$(\w+)|\[\[(\w+)(?::[^\]]*)?\]\]/g;

/** The names of the variables in a text, `$name`, `${name}`, `${name:format}` and `[[name]]`, Grafana's own among them. */
export function variablesIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(REFERENCE)].map(([, braced, plain, old]) => braced ?? plain ?? old ?? ''));
}
