import { PromqlError, readTokens, type Token } from './promql-tokens.ts';

export interface LabelMatcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** `by (…)` or `without (…)` of an aggregation. */
export interface Grouping {
  readonly kind: 'by' | 'without';
  readonly labels: readonly string[];
}

/**
 * A PromQL expression as a tree. Operators are kept in the order in which they stand, not by precedence: what is
 * asked of the tree is what an expression names, never what it is worth.
 */
export type Promql =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'selector'; readonly metric: string | null; readonly matchers: readonly LabelMatcher[] }
  /** The text between the brackets, `5m` or for a subquery `1h:1m`. */
  | { readonly kind: 'window'; readonly of: Promql; readonly text: string }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly arguments: readonly Promql[];
      readonly grouping: Grouping | null;
    }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Promql;
      readonly right: Promql;
      /** The labels of `on`, `ignoring`, `group_left` and `group_right`. */
      readonly labels: readonly string[];
    };

const AGGREGATIONS: ReadonlySet<string> = new Set(
  'sum min max avg group stddev stdvar count count_values bottomk topk quantile limitk limit_ratio'.split(
    ' ',
  ),
);
const OPERATORS: ReadonlySet<string> = new Set('+ - * / % ^ == != < > <= >= and or unless atan2'.split(' '));
const MATCHERS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);
const MATCHING_WORDS: ReadonlySet<string> = new Set(['on', 'ignoring', 'group_left', 'group_right']);

class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;

  constructor(expression: string) {
    this.#tokens = readTokens(expression);
    this.#end = expression.length;
  }

  parse(): Promql {
    const tree = this.#expression();
    if (this.#peek() !== undefined) throw this.#error();
    return tree;
  }

  #peek(offset = 0): Token | undefined {
    return this.#tokens[this.#next + offset];
  }

  #error(): PromqlError {
    const token = this.#peek();
    if (token === undefined) return new PromqlError('unexpected end', this.#end);
    return new PromqlError(`unexpected ${JSON.stringify(token.text)}`, token.at);
  }

  /** Takes the next piece where it is that word or symbol; words are taken in any case. */
  #takes(text: string): boolean {
    const token = this.#peek();
    if (token === undefined || token.kind === 'string' || token.text.toLowerCase() !== text) return false;
    this.#next += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw this.#error();
  }

  #take(kind: Token['kind']): Token {
    const token = this.#peek();
    if (token?.kind !== kind) throw this.#error();
    this.#next += 1;
    return token;
  }

  #expression(): Promql {
    let left = this.#signed();
    for (;;) {
      const token = this.#peek();
      if (token === undefined || token.kind === 'string') return left;
      const operator = token.text.toLowerCase();
      if (!OPERATORS.has(operator)) return left;
      this.#next += 1;
      const labels = this.#matching();
      left = { kind: 'binary', operator, left, right: this.#signed(), labels };
    }
  }

  #matching(): readonly string[] {
    this.#takes('bool');
    const labels: string[] = [];
    for (;;) {
      const word = this.#peek()?.text.toLowerCase() ?? '';
      if (this.#peek()?.kind !== 'name' || !MATCHING_WORDS.has(word)) return labels;
      this.#next += 1;
      if (word === 'on' || word === 'ignoring' || this.#peek()?.text === '(') labels.push(...this.#labels());
    }
  }

  #signed(): Promql {
    if (this.#takes('-') || this.#takes('+')) return this.#signed();
    let tree = this.#primary();
    for (;;) {
      const token = this.#peek();
      if (token?.kind === 'range') {
        this.#next += 1;
        tree = { kind: 'window', of: tree, text: token.text.slice(1, -1).trim() };
      } else if (this.#takes('offset')) {
        this.#takes('-');
        this.#take('number');
      } else if (this.#takes('@')) this.#instant();
      else return tree;
    }
  }

  /** What stands after `@`: a time, `start()` or `end()`. */
  #instant(): void {
    if (this.#peek()?.kind === 'number') {
      this.#next += 1;
      return;
    }
    this.#take('name');
    this.#expect('(');
    this.#expect(')');
  }

  #primary(): Promql {
    const token = this.#peek();
    if (token === undefined) throw this.#error();
    if (this.#takes('(')) {
      const tree = this.#expression();
      this.#expect(')');
      return tree;
    }
    if (token.text === '{' && token.kind === 'symbol') return this.#selector(null);
    if (token.kind === 'name') return this.#named();
    if (token.kind !== 'number' && token.kind !== 'string') throw this.#error();
    this.#next += 1;
    return { kind: token.kind, text: token.text };
  }

  #named(): Promql {
    const name = this.#take('name').text;
    const after = this.#peek()?.text;
    const word = name.toLowerCase();
    if (AGGREGATIONS.has(word) && (after === '(' || after === 'by' || after === 'without')) {
      const before = this.#grouping();
      const given = this.#arguments();
      return { kind: 'call', name: word, arguments: given, grouping: before ?? this.#grouping() };
    }
    if (after === '(') return { kind: 'call', name: word, arguments: this.#arguments(), grouping: null };
    if (word === 'inf' || word === 'nan') return { kind: 'number', text: name };
    return this.#selector(name);
  }

  #grouping(): Grouping | null {
    for (const kind of ['by', 'without'] as const) {
      if (this.#takes(kind)) return { kind, labels: this.#labels() };
    }
    return null;
  }

  #arguments(): readonly Promql[] {
    return this.#list('(', ')', () => this.#expression());
  }

  #labels(): readonly string[] {
    return this.#list('(', ')', () => this.#take('name').text);
  }

  #selector(metric: string | null): Promql {
    const matchers = this.#peek()?.text === '{' ? this.#list('{', '}', () => this.#matcher()) : [];
    return { kind: 'selector', metric, matchers };
  }

  #matcher(): LabelMatcher {
    const label = this.#take('name').text;
    if (!MATCHERS.has(this.#peek()?.text ?? '')) throw this.#error();
    const operator = this.#take('symbol').text as LabelMatcher['operator'];
    return { label, operator, value: this.#take('string').text };
  }

  #list<Item>(open: string, close: string, read: () => Item): readonly Item[] {
    this.#expect(open);
    const items: Item[] = [];
    while (!this.#takes(close)) {
      items.push(read());
      if (this.#peek()?.text !== close) this.#expect(',');
    }
    return items;
  }
}

/** Reads a PromQL expression. Throws a PromqlError where it is none. */
export function parsePromql(expression: string): Promql {
  return new Parser(expression).parse();
}
