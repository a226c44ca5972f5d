import { expect, it } from 'vitest';
import { rememberTexts } from './known-texts.ts';

function counting(passesIds: boolean) {
  const read: string[] = [];
  const readText = rememberTexts((text) => {
    read.push(text);
    return text.replace('bad', 'good');
  }, passesIds);
  return { read, readText };
}

it('reads a short text once', () => {
  const { read, readText } = counting(true);
  expect([readText('bad'), readText('bad'), readText('\ud800'), readText('\ud800')]).toEqual([
    'good',
    'good',
    '\ud800',
    '\ud800',
  ]);
  expect(read).toEqual(['bad', '\ud800']);
});

it('reads long ones each time', () => {
  const { read, readText } = counting(true);
  readText('x'.repeat(65));
  readText('x'.repeat(65));
  expect(read).toHaveLength(2);
});

it('passes ids in hexadecimal unread, but not where a secret could be one', () => {
  const id = 'b2f1c1de-8f0c-4a5e-9f5e-0a8b6b0a9f11';
  const passing = counting(true);
  expect(passing.readText(id)).toBe(id);
  expect(passing.read).toEqual([]);
  const careful = counting(false);
  careful.readText(id);
  expect(careful.read).toEqual([id]);
});

it('forgets, so that it stays bounded', () => {
  const { read, readText } = counting(true);
  for (let at = 0; at <= 1_000; at += 1) readText(`text ${at}`);
  readText('text 0');
  expect(read.filter((text) => text === 'text 0')).toHaveLength(2);
});
