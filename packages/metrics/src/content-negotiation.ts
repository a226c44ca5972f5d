import type { ExpositionFormat } from './exposition-format.ts';

interface Choice {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

const OPENMETRICS_VERSIONS: ReadonlySet<string | undefined> = new Set([undefined, '1.0.0', '0.0.1']);

/**
 * Chooses the format for an `Accept` header: OpenMetrics where the client names it (version 1.0.0, 0.0.1 or none)
 * and weighs it no lower than plain text, else text 0.0.4. A wildcard or nonsense means text.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const choices = readChoices(accept);
  const openMetrics = choices.filter(
    ({ value, parameters }) =>
      value === 'application/openmetrics-text' && OPENMETRICS_VERSIONS.has(parameters.get('version')),
  );
  const weight = heaviest(openMetrics);
  return weight > 0 && weight >= weightOfText(choices) ? 'openmetrics' : 'text';
}

/** Whether an `Accept-Encoding` header allows gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const choices = readChoices(acceptEncoding);
  const named = choices.filter(({ value }) => value === 'gzip' || value === 'x-gzip');
  return heaviest(named.length > 0 ? named : choices.filter(({ value }) => value === '*')) > 0;
}

function weightOfText(choices: readonly Choice[]): number {
  for (const range of ['text/plain', 'text/*', '*/*']) {
    const matching = choices.filter(({ value }) => value === range);
    if (matching.length > 0) {
      return heaviest(matching);
    }
  }
  return 0;
}

function heaviest(choices: readonly Choice[]): number {
  return choices.reduce((most, { weight }) => Math.max(most, weight), 0);
}

function readChoices(header: unknown): readonly Choice[] {
  return typeof header === 'string' ? header.split(',').map(readChoice) : [];
}

function readChoice(text: string): Choice {
  const [value = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map(rest.map(readParameter));
  const weight = Number(parameters.get('q') ?? 1);
  return { value: value.toLowerCase(), parameters, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}

function readParameter(text: string): [string, string] {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  const value = equals === -1 ? '' : text.slice(equals + 1).trim();
  return [name.trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1')];
}
