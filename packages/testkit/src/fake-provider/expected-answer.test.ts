import { expect, test } from 'vitest';
import { expectedAnswer, expectedUsage, splitIntoPieces } from './expected-answer.ts';

function chat(content: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: 'm', messages: [{ role: 'user', content }], ...more };
}

test('the answer depends on the last user message and on nothing else', () => {
  const answer = expectedAnswer(chat('tell me'));
  expect(expectedAnswer({ ...chat('tell me'), model: 'other', temperature: 1, stream: true })).toBe(answer);
  expect(expectedAnswer(chat([{ type: 'text', text: 'tell me' }]))).toBe(answer);
  const messages = [
    { role: 'system', content: 'be kind' },
    { role: 'user', content: 'tell me' },
    { role: 'assistant', content: 'so far' },
  ];
  expect(expectedAnswer({ model: 'm', messages })).toBe(answer);
  expect(expectedAnswer(chat('tell me more'))).not.toBe(answer);
});

test('words=N sets the length, and max_tokens cuts it', () => {
  expect(splitIntoPieces(expectedAnswer(chat('words=300')))).toHaveLength(300);
  const whole = expectedAnswer(chat('hello'));
  const cut = expectedAnswer(chat('hello', { max_tokens: 5 }));
  expect(splitIntoPieces(cut)).toHaveLength(5);
  expect(whole.startsWith(cut)).toBe(true);
});

test('pieces joined are the text, white space and all', () => {
  for (const text of ['', ' ', 'a', ' a  b\n', expectedAnswer(chat('words=50'))]) {
    expect(splitIntoPieces(text).join('')).toBe(text);
  }
});

test('a long answer has characters of one to four bytes', () => {
  const lengths = new Set(
    [...expectedAnswer(chat('words=500'))].map((character) => Buffer.byteLength(character)),
  );
  expect([...lengths].sort()).toEqual([1, 2, 3, 4]);
});

test('usage counts the pieces of the prompt and of the answer', () => {
  expect(expectedUsage(chat('one two three words=7'))).toEqual({
    prompt_tokens: 4,
    completion_tokens: 7,
    total_tokens: 11,
  });
});
