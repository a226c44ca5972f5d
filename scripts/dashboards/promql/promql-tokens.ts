/** A piece of a PromQL expression; `text` of a string is its content as it stands between the quotes. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'range' | 'symbol';
  readonly text: string;
  readonly at: number;
}

/** An expression that cannot be read, with the place of the first thing that is wrong. */
export class PromqlError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} at ${at}`);
    this.name = 'PromqlError';
    this.at = at;
  }
}

const SPACE = /(?:\s|#[^\n]*)+/y;
const PIECES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y],
  // A window is kept as it stands, so that a variable may be in it.
  ['range', /\[[^\]]*\]/y],
  // A variable outside of strings and windows stands for a number.
  ['number', /\$(?:\w+|\{[^}]*\})/y],
  [
    'number',
    /(?:\d+(?:ms|[smhdwy]))+(?![A-Za-z0-9_])|0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y,
  ],
  ['name', /[a-zA-Z_:][\w:]*/y],
  ['symbol', /==|!=|<=|>=|=~|!~|[-+*/%^<>=(){},@]/y],
];

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Cuts a PromQL expression into its pieces, without spaces and comments. Throws a PromqlError on anything else. */
export function readTokens(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, expression, at)?.length ?? 0;
    if (at >= expression.length) return tokens;
    const token = readToken(expression, at);
    tokens.push(token.kind === 'string' ? { ...token, text: token.text.slice(1, -1) } : token);
    at += token.text.length;
  }
}

function readToken(expression: string, at: number): Token {
  for (const [kind, pattern] of PIECES) {
    const text = matchAt(pattern, expression, at);
    if (text !== null) return { kind, text, at };
  }
  throw new PromqlError(`unexpected ${JSON.stringify(expression[at])}`, at);
}
