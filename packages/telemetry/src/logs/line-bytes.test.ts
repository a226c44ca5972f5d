import { expect, it } from 'vitest';
import { LineBytes } from './line-bytes.ts';

it('gives back every text as UTF-8 with its line end, however long, and begins anew', () => {
  const bytes = new LineBytes();
  const long = '🐎ž'.repeat(60_000);
  for (const text of ['first', '', long, 'last']) bytes.add(text);
  expect([bytes.lines, bytes.length]).toEqual([4, Buffer.byteLength(`first\n\n${long}\nlast\n`)]);
  expect(bytes.take().toString()).toBe(`first\n\n${long}\nlast\n`);
  expect([bytes.lines, bytes.length]).toEqual([0, 0]);
});

it('does not write into what it has handed over', () => {
  const bytes = new LineBytes();
  bytes.add('one');
  const taken = bytes.take();
  bytes.add('two');
  expect(taken.toString()).toBe('one\n');
  bytes.clear();
  expect(bytes.take()).toHaveLength(0);
});
