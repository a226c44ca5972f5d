import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENDPOINTS, type Endpoint } from './endpoint.ts';
import { type InferenceRequest, readInferenceRequest } from './inference-request.ts';
import { toProviderBody } from './provider-body.ts';
import type { Span } from './scan-body.ts';

type Field = readonly [key: string, value: unknown];

const chat = ENDPOINTS[0] as Endpoint;
const guarded = new Set([
  'model',
  'stream',
  'stream_options',
  'messages',
  'prompt',
  'input',
  'max_tokens',
  'max_completion_tokens',
]);
const required: readonly Field[] = [['messages', [{ role: 'user', content: 'Grüße 👋' }]]];

const space = fc
  .array(fc.constantFrom(' ', '\n', '\r', '\t'), { maxLength: 3 })
  .map((parts) => parts.join(''));
const key = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('__proto__', 'tools', 'model '))
  .filter((name) => !guarded.has(name));
const modelName = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const otherFields = fc.uniqueArray(fc.tuple(key, fc.jsonValue({ maxDepth: 3 })), {
  selector: ([name]) => name,
  maxLength: 6,
});
const streamOptions = fc.option(
  fc.oneof(
    fc.constant(null),
    fc.record({ include_usage: fc.boolean(), include_obfuscation: fc.boolean() }, { requiredKeys: [] }),
  ),
  { nil: undefined },
);

/** Writes a string with some of its characters as escapes that say the same. */
function writeString(text: string, isEscaped: (at: number) => boolean): string {
  const characters = Array.from(text, (character, at) =>
    isEscaped(at) ? escapeUnits(character) : JSON.stringify(character).slice(1, -1),
  );
  return `"${characters.join('')}"`;
}

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Writes a JSON value with the spaces and escapes that `draw` decides on. */
function writeValue(value: unknown, draw: Draw): string {
  if (typeof value === 'string') return writeString(value, draw.escape);
  if (Array.isArray(value)) {
    const items = value.map((item) => draw.space() + writeValue(item, draw) + draw.space());
    return `[${items.join(',') || draw.space()}]`;
  }
  return value !== null && typeof value === 'object'
    ? writeObject(Object.entries(value), draw)
    : JSON.stringify(value);
}

function writeObject(fields: readonly Field[], draw: Draw): string {
  const written = fields.map(
    ([name, value]) =>
      `${draw.space()}${writeString(name, draw.escape)}${draw.space()}:${draw.space()}${writeValue(value, draw)}${draw.space()}`,
  );
  return `{${written.join(',') || draw.space()}}`;
}

interface Draw {
  readonly space: () => string;
  readonly escape: (at: number) => boolean;
}

/** Bodies of chat requests in every spelling that JSON allows. */
const bodies = fc
  .record({
    model: modelName,
    options: streamOptions,
    others: otherFields,
    spaces: fc.infiniteStream(space),
    escapes: fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ model, options, others, spaces, escapes, order }) => {
    const next = <T>(stream: fc.Stream<T>): T => stream.next().value as T;
    const fields: Field[] = [['model', model], ...required, ['stream', true], ...others];
    if (options !== undefined) fields.push(['stream_options', options]);
    const shuffled = fields
      .map((field) => ({ field, rank: next(order) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ field }) => field);
    const draw: Draw = { space: () => next(spaces), escape: () => next(escapes) === 0 };
    return `${draw.space()}${writeObject(shuffled, draw)}${draw.space()}`;
  });

function read(text: string): InferenceRequest {
  return readInferenceRequest(chat, Buffer.from(text));
}

/** The client's bytes with the two values put in their places by hand. */
function splice({ body, layout, parsed }: InferenceRequest, model: string): Buffer {
  const options = layout.fields.get('stream_options');
  const changes = [{ span: layout.fields.get('model') as Span, text: JSON.stringify(model) }];
  changes.push(
    options === undefined
      ? {
          span: { start: layout.insertAt, end: layout.insertAt },
          text: '"stream_options":{"include_usage":true},',
        }
      : {
          span: options,
          text: JSON.stringify({ ...(parsed.stream_options as object | null), include_usage: true }),
        },
  );
  return changes
    .sort((a, b) => b.span.start - a.span.start)
    .reduce(
      (bytes, { span, text }) =>
        Buffer.concat([bytes.subarray(0, span.start), Buffer.from(text), bytes.subarray(span.end)]),
      body,
    );
}

describe('the body that a provider gets', () => {
  test('says the same as the client, but for the model and the usage chunk', () => {
    fc.assert(
      fc.property(bodies, modelName, fc.boolean(), (text, model, addUsage) => {
        const request = read(text);
        const sent = JSON.parse(toProviderBody(request, { model, addUsage, prefill: null }).toString('utf8'));
        const expected = JSON.parse(text);
        expected.model = model;
        if (addUsage) expected.stream_options = { ...expected.stream_options, include_usage: true };
        expect(sent).toEqual(expected);
        expect(Object.keys(sent).filter((name) => name !== 'stream_options')).toEqual(
          Object.keys(expected).filter((name) => name !== 'stream_options'),
        );
      }),
    );
  });

  test('keeps every byte outside of the two values that it changes', () => {
    fc.assert(
      fc.property(bodies, modelName, (text, name) => {
        const request = read(text);
        const model = name === request.model ? `${name}x` : name;
        const sent = toProviderBody(request, { model, addUsage: true, prefill: null });
        expect(sent.toString()).toBe(splice(request, model).toString());
      }),
    );
  });

  test('is the very buffer that came in where nothing has to change', () => {
    fc.assert(
      fc.property(bodies, (text) => {
        const request = read(text);
        expect(toProviderBody(request, { model: request.model, addUsage: false, prefill: null })).toBe(
          request.body,
        );
      }),
    );
  });

  test('spells out both changes', () => {
    const text = '{ "stream" : true,"model":"a" , "messages":[{}], "big": 12345678901234567890 }';
    expect(toProviderBody(read(text), { model: 'b/"c"', addUsage: true, prefill: null }).toString()).toBe(
      '{"stream_options":{"include_usage":true}, "stream" : true,"model":"b/\\"c\\"" , "messages":[{}], "big": 12345678901234567890 }',
    );
  });
});
