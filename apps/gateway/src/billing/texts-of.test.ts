import { describe, expect, test } from 'vitest';
import { countAttachments, textsOf } from './texts-of.ts';

const texts = (value: unknown, countsNames = false): readonly unknown[] =>
  [...textsOf(value, countsNames)].filter((found) => found !== 0);

describe('the texts of a value', () => {
  test('are those at every depth, in their order, and lists of tokens are what they are', () => {
    const deep = Array.from({ length: 150 }).reduce((inner: unknown) => [inner], 'deep');
    expect(texts({ a: 'one', b: ['two', { c: 'three' }], d: [1, 2], e: deep })).toEqual([
      'one',
      'two',
      'three',
      1,
      1,
      'deep',
    ]);
  });

  test('are the names of fields too, where those are asked for', () => {
    expect(texts({ properties: { city: { type: 'string' } } }, true)).toEqual([
      'properties',
      'city',
      'type',
      'string',
    ]);
  });

  test.each(['http://a/b', 'https://a/b', 'data:text/plain,b'])('include one that begins with %s', (text) => {
    expect(texts([{ role: 'user', content: text }])).toEqual(['user', text]);
    expect(texts([{ type: 'text', text, url: text }])).toEqual(['text', text, text]);
  });

  test.each([
    [{ type: 'image_url', image_url: { url: 'https://a/b', detail: 'high' } }, [1000, 'high']],
    [{ type: 'image_url', image_url: 'https://a/b' }, [1000]],
    [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, [1000, 'wav']],
    [{ type: 'file', file: { file_data: 'AAAA', filename: 'a.pdf' } }, [1000, 'a.pdf']],
    [{ type: 'file', file: { text: 'no attachment' } }, ['file', 'no attachment']],
  ])('of the part %j are an attachment and what stands beside it', (part, found) => {
    expect(texts([{ content: [part] }])).toEqual(found);
    expect(countAttachments([{ content: [part] }])).toBe(found[0] === 1000 ? 1 : 0);
  });
});

test.each([null, 'text', [null, 'text', { content: 'text' }, { content: [null, 'text'] }]])(
  'there are no attachments in %j',
  (messages) => {
    expect(countAttachments(messages)).toBe(0);
  },
);
