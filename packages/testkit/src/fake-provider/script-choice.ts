import type { ProviderRequest } from './read-openai-request.ts';
import type { Script, ScriptSource } from './script.ts';

export interface ScriptChoiceOptions {
  readonly models: Readonly<Record<string, ScriptSource>>;
  readonly byDefault: ScriptSource;
  readonly header: string;
}

interface Entry {
  readonly source: ScriptSource;
  attempts: number;
}

const PLAIN_ANSWER: Script = { kind: 'answer' };

function fromSource(entry: Entry, request: ProviderRequest): Script | undefined {
  entry.attempts += 1;
  const { source, attempts } = entry;
  if (typeof source === 'function') return source(request, attempts);
  if (!Array.isArray(source)) return source as Script;
  return source[Math.min(attempts, source.length) - 1];
}

/** Chooses the script of each request: by header, by model, by default, else a plain answer. */
export class ScriptChoice {
  readonly #header: string;
  readonly #models = new Map<string, Entry>();
  /** A default that counts attempts counts them per model. */
  readonly #defaults = new Map<string, Entry>();
  #byDefault: ScriptSource;

  constructor({ models, byDefault, header }: ScriptChoiceOptions) {
    this.#header = header;
    this.#byDefault = byDefault;
    for (const [model, source] of Object.entries(models)) this.setModel(model, source);
  }

  get models(): readonly string[] {
    return [...this.#models.keys()];
  }

  setModel(model: string, source: ScriptSource): void {
    this.#models.set(model, { source, attempts: 0 });
  }

  setDefault(source: ScriptSource): void {
    this.#byDefault = source;
    this.#defaults.clear();
  }

  choose(request: ProviderRequest): Script {
    const named = request.http.headers[this.#header];
    const entry =
      (named === undefined ? undefined : this.#models.get(named)) ?? this.#models.get(request.model);
    const own = entry === undefined ? undefined : fromSource(entry, request);
    return own ?? fromSource(this.#defaultFor(request.model), request) ?? PLAIN_ANSWER;
  }

  #defaultFor(model: string): Entry {
    if (typeof this.#byDefault !== 'function' && !Array.isArray(this.#byDefault)) {
      return { source: this.#byDefault, attempts: 0 };
    }
    const known = this.#defaults.get(model);
    if (known !== undefined) return known;
    const entry: Entry = { source: this.#byDefault, attempts: 0 };
    this.#defaults.set(model, entry);
    return entry;
  }
}
