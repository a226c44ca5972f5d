import type { QuestionScope } from './answer.ts';
import { is } from './expression.ts';
import { LONGEST_WINDOW_MS } from './sample-rows.ts';
import { FILTERS, type FilterName } from './view-definition.ts';

/** A parameter that is wrong, and why. */
export interface WrongParameter {
  readonly parameter: string;
  readonly message: string;
}

/** What a view's query string asks for. */
export interface ViewQuery {
  readonly scope: QuestionScope;
  readonly filters: readonly FilterName[];
}

const DEFAULT_WINDOW_SECONDS = 300;
const SHORTEST_WINDOW_SECONDS = 60;
const LONGEST_WINDOW_SECONDS = LONGEST_WINDOW_MS / 1000;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;
const LONGEST_FILTER = 256;
const PARAMETERS: readonly string[] = [...FILTERS, 'window'];

/** Reads `?provider=`, `?model=` and `?window=`, each at most once; anything else is wrong. */
export function readViewQuery(query: URLSearchParams): ViewQuery | WrongParameter {
  for (const parameter of query.keys()) {
    if (!PARAMETERS.includes(parameter)) {
      return { parameter, message: `Unknown parameter. Views take ${PARAMETERS.join(', ')}.` };
    }
    if (query.getAll(parameter).length > 1) return { parameter, message: 'The parameter is there twice.' };
  }
  const windowSeconds = readWindow(query.get('window'));
  if (windowSeconds === null) {
    return {
      parameter: 'window',
      message: 'The window must be from 1m to 1h, as a whole number of s, m or h, for example 5m.',
    };
  }
  const filters = FILTERS.filter((name) => query.has(name));
  const wrong = filters.find((name) => !isLabelValue(query.get(name) ?? ''));
  if (wrong !== undefined) {
    return {
      parameter: wrong,
      message: `The filter must be 1 to ${LONGEST_FILTER} characters, no control characters among them.`,
    };
  }
  const matches = filters.map((name) => is(name, query.get(name) ?? ''));
  return { scope: { windowSeconds, matches }, filters };
}

/** Whether what `readViewQuery` returned is what is wrong. */
export function isWrongParameter(read: ViewQuery | WrongParameter): read is WrongParameter {
  return 'parameter' in read;
}

function readWindow(text: string | null): number | null {
  if (text === null) return DEFAULT_WINDOW_SECONDS;
  const [, count = '', unit = 's'] = /^(\d{1,4})([smh])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
  return seconds >= SHORTEST_WINDOW_SECONDS && seconds <= LONGEST_WINDOW_SECONDS ? seconds : null;
}

function isLabelValue(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_FILTER && text.isWellFormed() && !/\p{Cc}/u.test(text);
}
