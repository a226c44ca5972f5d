const EXPOSITIONS: ReadonlySet<string> = new Set(['text/plain', 'application/openmetrics-text']);

/**
 * Whether an `Accept` header asks for Prometheus text rather than JSON: it names an exposition format and weighs it
 * above JSON. Who names both alike, as some HTTP clients do by default, gets JSON, and so does who names neither.
 */
export function prefersExposition(accept: string | undefined): boolean {
  let exposition = 0;
  let json = 0;
  for (const choice of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = choice.split(';').map((part) => part.trim().toLowerCase());
    const weight = readWeight(parameters);
    if (EXPOSITIONS.has(type)) exposition = Math.max(exposition, weight);
    if (type === 'application/json') json = Math.max(json, weight);
  }
  return exposition > json;
}

function readWeight(parameters: readonly string[]): number {
  const named = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = named === undefined ? 1 : Number(named.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}
