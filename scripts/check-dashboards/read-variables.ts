import { at, type JsonObject, objectsOf, textOf } from './json-value.ts';

const INTERVAL = '5m';
const ALL: ReadonlySet<string> = new Set(['$__all', 'All', '__all']);

function isUsable(value: string): boolean {
  return !ALL.has(value) && !value.startsWith('$__auto');
}

/** The value that was chosen last, of several the first. */
function chosenValue(variable: JsonObject): string | null {
  const chosen = at(variable, 'current', 'value');
  const first = textOf(Array.isArray(chosen) ? chosen[0] : chosen);
  return first !== null && isUsable(first) ? first : null;
}

function firstOption(variable: JsonObject): string | null {
  const listed = objectsOf(variable.options)
    .map(({ value }) => textOf(value))
    .find((value) => value !== null && isUsable(value));
  const written = textOf(variable.query)
    ?.split(',')
    .map((part) => part.trim().split(' : ').at(-1) ?? '');
  return listed ?? written?.find((value) => value !== '' && isUsable(value)) ?? null;
}

/** What stands for a variable where a text, a number or a label's name is needed. */
function standInOf(variable: JsonObject): string | null {
  switch (variable.type) {
    case 'interval':
      return chosenValue(variable) ?? firstOption(variable) ?? INTERVAL;
    case 'constant':
    case 'textbox':
    case 'text':
      return chosenValue(variable) ?? textOf(variable.query) ?? '';
    case 'custom':
      return chosenValue(variable) ?? firstOption(variable);
    default:
      return chosenValue(variable);
  }
}

/** The variables of a dashboard of any schema, with what stands for each. */
export function readVariables(list: unknown): ReadonlyMap<string, string | null> {
  return new Map(
    objectsOf(list).flatMap((variable) => {
      const name = textOf(variable.name);
      return name === null ? [] : [[name, standInOf(variable)] as const];
    }),
  );
}
