import { expect, it } from 'vitest';
import { readEntries, toPushJson } from './push-entries.ts';

function push(lines: readonly string[]): unknown {
  const entries = readEntries(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  return JSON.parse(toPushJson(entries, ['{"s":"0"}', '{"s":"1"}']).toString());
}

it('escapes quotes and backslashes of a line, and nothing else of it', () => {
  const line = '{"text":"\\"quoted\\" \\\\ žluťoučký 🐎 \\n"}';
  expect(push(['1 17 {"request_id":"r\\"1"}', line])).toEqual({
    streams: [{ stream: { s: '1' }, values: [['17', line, { request_id: 'r"1' }]] }],
  });
});

it('has room for a line of nothing but what is escaped', () => {
  const line = '"\\'.repeat(500);
  expect(push(['0 1 ', line])).toEqual({ streams: [{ stream: { s: '0' }, values: [['1', line]] }] });
});

it('takes a stream number of several digits', () => {
  expect(readEntries(Buffer.from('120 5 \nx\n')).map(({ stream }) => stream)).toEqual([120]);
});

it('leaves out a head whose line is missing, and says nothing of no lines', () => {
  expect(readEntries(Buffer.from('0 1 \nwhole\n0 2 \n'))).toHaveLength(1);
  expect(push([])).toEqual({ streams: [] });
});
