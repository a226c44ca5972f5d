/** A source of random numbers that a seed fixes (mulberry32, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const METHODS = ['GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const ODD_METHODS = ['PROPFIND', 'PURGE', 'REPORT', 'MKCOL', 'SEARCH', 'TRACE', 'LINK', 'M-SEARCH'];
const ROUTES = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/models', '/health'];
const HEADERS = ['x-request-id', 'user-agent', 'traceparent', 'baggage', 'authorization', 'x-forwarded-for'];
const PATH_CHARACTERS = 'abcXYZ019-._~!$&\'()*+,;=:@"{}|\\^`<>[]%?#/';
const TEXT_CHARACTERS = 'abcXYZ019 -._~"\\{}=,\n\r\t\0éß漢🌊\u2028';
const HEADER_CHARACTERS = 'abcXYZ019 -._~"\\{}=,;:/';

/** One request as bytes, and whether an answer without a body is to be expected. */
export interface JunkRequest {
  readonly bytes: string;
  readonly isHead: boolean;
}

/** Makes requests that are HTTP, but random in method, path, headers and model. */
export class JunkSource {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  next(): JunkRequest {
    const kind = this.#random();
    if (kind < 0.5) return this.#junkModel();
    return this.#junkPath(kind < 0.6 ? ODD_METHODS : METHODS);
  }

  #junkModel(): JunkRequest {
    const route = this.#pick(ROUTES.slice(0, 3));
    const model = this.#random() < 0.1 ? `primary/${this.#text(12)}` : this.#text(40);
    const body = JSON.stringify({
      model,
      messages: [],
      prompt: [],
      input: [],
      [this.#text(5)]: this.#text(9),
    });
    const length = Buffer.byteLength(body);
    const head = `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}`;
    return { bytes: `${head}\r\n${this.#headers()}\r\n${body}`, isHead: false };
  }

  #junkPath(methods: readonly string[]): JunkRequest {
    const method = this.#pick(methods);
    const start = this.#random() < 0.3 ? this.#pick(ROUTES) : '';
    const path = `${start}/${this.#characters(PATH_CHARACTERS, 30)}`;
    return {
      bytes: `${method} ${path} HTTP/1.1\r\nhost: x\r\n${this.#headers()}\r\n`,
      isHead: method === 'HEAD',
    };
  }

  #headers(): string {
    const own = `x-${Math.floor(this.#random() * 1e9).toString(36)}: ${this.#characters(HEADER_CHARACTERS, 20)}\r\n`;
    return `${own}${this.#pick(HEADERS)}: ${this.#characters(HEADER_CHARACTERS, 30)}\r\n`;
  }

  #text(most: number): string {
    return this.#characters(TEXT_CHARACTERS, most);
  }

  #characters(alphabet: string, most: number): string {
    const all = [...alphabet];
    const length = 1 + Math.floor(this.#random() * most);
    return Array.from({ length }, () => all[Math.floor(this.#random() * all.length)]).join('');
  }

  #pick(values: readonly string[]): string {
    return values[Math.floor(this.#random() * values.length)] ?? '';
  }
}
