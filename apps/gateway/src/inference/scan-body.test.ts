import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, MAX_FIELDS, type Span, scanBody } from './scan-body.ts';

function scan(text: string): ReturnType<typeof scanBody> {
  return scanBody(Buffer.from(text));
}

function layoutOf(text: string): Exclude<ReturnType<typeof scanBody>, string> {
  const layout = scan(text);
  if (typeof layout === 'string') throw new Error(`not laid out: ${layout}`);
  return layout;
}

function cut(text: string, span: Span | undefined): string | null {
  return span === undefined ? null : Buffer.from(text).toString('utf8', span.start, span.end);
}

describe('finding fields', () => {
  test.each([
    ['{"model":"a"}', '"a"'],
    [' {\n\t"x" : [1, {"model":"inner"}] ,\r\n "model" : "a" } ', '"a"'],
    ['{"text":"\\"model\\":\\"no\\"","model":"ä€😀"}', '"ä€😀"'],
    ['{"m\\u006fdel":"a\\"b"}', '"a\\"b"'],
    ['{"n":12,"model":null,"b":true}', 'null'],
    ['{"model":{"a":[1,"}"]}}', '{"a":[1,"}"]}'],
    ['{"a":"\\\\","model":"x"}', '"x"'],
  ])('the span of the model in %s is its value', (text, value) => {
    expect(cut(text, layoutOf(text).fields.get('model'))).toBe(value);
  });

  test('a model inside another value is not the model of the request', () => {
    expect(layoutOf('{"metadata":{"model":"inner","stream_options":{}}}').fields.size).toBe(0);
  });

  test('stream options are found with whatever value they have', () => {
    const text = '{"model":"a","stream_options": {"include_usage" : false} }';
    expect(cut(text, layoutOf(text).fields.get('stream_options'))).toBe('{"include_usage" : false}');
  });

  test('new fields go behind the opening brace', () => {
    expect(layoutOf('  { }').insertAt).toBe(3);
    expect(layoutOf('{"a":1}').insertAt).toBe(1);
  });
});

describe('refusing bodies', () => {
  test.each(['', '   ', '[]', '"a"', 'null', '12', '\u{feff}{}'])('%j is not an object', (text) => {
    expect(scan(text)).toBe('not_an_object');
  });

  test.each([
    '{',
    '{"a"',
    '{"a":',
    '{"a":[',
    '{"a":"b',
    '{"a":"b\\',
    '{"a" 1}',
    '{a:1}',
    '{"a":1 2}',
    '{"a":1,}',
    '{"a":{"b":"c}',
  ])('%j is malformed', (text) => {
    expect(scan(text)).toBe('malformed');
  });

  test.each([
    'model',
    'stream',
    'stream_options',
    'messages',
    'prompt',
    'input',
    'n',
    'best_of',
    'service_tier',
    'tools',
  ])('a second %s is refused, also where its name is written with escapes', (key) => {
    const escaped = `\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}`;
    expect(scan(`{"${key}":1,"${key}":2}`)).toBe('duplicate_field');
    expect(scan(`{"${key}":1,"${escaped}":2}`)).toBe('duplicate_field');
  });

  test('a field that the gateway does not act on may come twice', () => {
    expect(layoutOf('{"temperature":1,"temperature":2}').fields.size).toBe(0);
  });

  test('as many levels as the limit are accepted, one more is not', () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(typeof scan(nested(MAX_DEPTH))).toBe('object');
    expect(scan(nested(MAX_DEPTH + 1))).toBe('too_deep');
    expect(scan(`{"a":${'['.repeat(1_000_000)}`)).toBe('too_deep');
  });

  test('as many fields as the limit are accepted, one more is not, at whatever depth they stand', () => {
    const fields = (count: number): string => Array.from({ length: count }, (_, n) => `"${n}":0`).join();
    expect(typeof scan(`{${fields(MAX_FIELDS)}}`)).toBe('object');
    expect(scan(`{${fields(MAX_FIELDS + 1)}}`)).toBe('too_many_fields');
    expect(scan(`{"a":{${fields(MAX_FIELDS)}}}`)).toBe('too_many_fields');
  });

  test('colons in texts are no fields', () => {
    expect(typeof scan(`{"a":["${':'.repeat(MAX_FIELDS + 1)}"]}`)).toBe('object');
  });
});
