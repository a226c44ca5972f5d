import { describe, expect, test } from 'vitest';
import { createCleanText } from './clean-text.ts';

describe('a text for a line', () => {
  test('holds no secret, not even one that holds another', () => {
    const clean = createCleanText(['token', 'token-of-mine', 'abc']);
    expect(clean('sent token-of-mine, then token, to abc')).toBe('sent (hidden), then (hidden), to abc');
  });

  test('holds no control characters', () => {
    expect(createCleanText([])('a\r\n\u001b[31mred\u2028b\u202ec')).toBe('a [31mred b c');
  });

  test('ends after 300 characters', () => {
    expect(createCleanText([])('x'.repeat(1e6))).toBe(`${'x'.repeat(300)}…`);
  });
});
