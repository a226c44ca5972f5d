import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBaggage } from './baggage.ts';

const members = (count: number): string =>
  Array.from({ length: count }, (_, index) => `k${index}=1`).join(',');

test.each([
  ['a pair', 'userId=alice', 'userId=alice'],
  ['several headers', ['a=1', 'b=2'], 'a=1,b=2'],
  ['an empty value', 'a=', 'a='],
  ['properties', 'a=1;ttl=5;secret', 'a=1;ttl=5;secret'],
  ['percent-encoded values', 'a=%C3%A4%20b', 'a=%C3%A4%20b'],
  ['blanks around signs', ' a = 1 ; p = 2 , b=2 ', 'a = 1 ; p = 2,b=2'],
  ['64 members', members(64), members(64)],
])('%s is passed on', (_, header, passed) => {
  expect(readBaggage(header)).toBe(passed);
});

test.each([
  ['nothing', undefined],
  ['65 members', members(65)],
  ['8,193 characters', `a=${'v'.repeat(8191)}`],
  ['no pair', 'alone'],
  ['a key with a blank', 'a b=1'],
  ['a value with quotes', 'a="1"'],
  ['a backslash', 'a=\\'],
  ['a value that is not ASCII', 'a=ä'],
  ['a line end', 'a=1\r\nx: y'],
])('%s leaves nothing to pass on', (_, header) => {
  expect(readBaggage(header)).toBe('');
});

test('a member that breaks the grammar does not take the others with it', () => {
  expect(readBaggage('a=1,b,=2,c=3;;d,e=5')).toBe('a=1,e=5');
});

test('whatever comes is read without a throw, and what is passed on stays as it is', () => {
  const piece = fc.constantFrom(
    'a=1',
    ';p=2',
    ',',
    '=',
    ' ',
    '\r\n',
    'é',
    '"',
    `x=${'y'.repeat(900)}`,
    '%zz',
  );
  const list = fc.array(piece, { maxLength: 90 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(list, fc.anything()), (header) => {
      const passed = readBaggage(header);
      expect(passed.length).toBeLessThanOrEqual(8192);
      expect(passed).toMatch(/^[\x20-\x7e\t]*$/);
      expect(readBaggage(passed)).toBe(passed);
    }),
    { numRuns: 1000 },
  );
});
