/** `key`: a credential; `body`: what people and models say to each other; `plain`: anything else. */
export type FieldKind = 'plain' | 'key' | 'body';

/** A field's name as it is printed, and what its name says of its value. */
export interface FieldName {
  readonly name: string;
  readonly kind: FieldKind;
  /** The name is that of a count (`prompt_tokens`, `body_bytes`): a number under it is no secret. */
  readonly isCount: boolean;
}

const MAX_LENGTH = 64;
const MAX_CACHED = 2_000;

const KEY_WORDS: ReadonlySet<string> = new Set(
  'authorization cookie cookies token tokens password passwords passwd pwd passphrase secret secrets credential credentials apikey apikeys bearer jwt'.split(
    ' ',
  ),
);
const KEY_PAIRS = /(?:^|_)(?:api|access|private|signing|encryption)_keys?(?:_|$)/;
const BODY_WORDS: ReadonlySet<string> = new Set(
  'messages prompt prompts completion completions content contents input inputs output outputs body bodies'.split(
    ' ',
  ),
);
const COUNT_WORDS: ReadonlySet<string> = new Set(
  'tokens count counts bytes length size chars ms seconds total usd ratio number index limit'.split(' '),
);
const DESCRIBING_WORDS: ReadonlySet<string> = new Set('type encoding format kind status id'.split(' '));
/** Names that every line has already. */
const TAKEN: ReadonlySet<string> = new Set([
  'time',
  'level',
  'app',
  'env',
  'service',
  'message',
  '__proto__',
]);

function kindOf(words: readonly string[]): FieldKind {
  const last = words.at(-1) ?? '';
  if (words.some((word) => KEY_WORDS.has(word)) || KEY_PAIRS.test(words.join('_'))) {
    return last === 'type' ? 'plain' : 'key';
  }
  if (words.some((word) => BODY_WORDS.has(word))) return DESCRIBING_WORDS.has(last) ? 'plain' : 'body';
  return 'plain';
}

function readName(raw: string, mask: (text: string) => string): FieldName {
  const text = mask(raw.slice(0, 1_024)).replace(/[^A-Za-z0-9_.-]/g, '_');
  const name = text.slice(0, MAX_LENGTH) || '_';
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return {
    name: TAKEN.has(name) ? `field_${name}` : name,
    kind: kindOf(words),
    isCount: COUNT_WORDS.has(words.at(-1) ?? ''),
  };
}

/** Reads field names, each distinct one once: at most 2,000 are remembered. */
export function createNameReader(mask: (text: string) => string): (raw: string) => FieldName {
  const known = new Map<string, FieldName>();
  return (raw) => {
    const before = known.get(raw);
    if (before !== undefined) return before;
    const name = readName(raw, mask);
    if (known.size < MAX_CACHED && raw.length <= MAX_LENGTH) known.set(raw, name);
    return name;
  };
}
