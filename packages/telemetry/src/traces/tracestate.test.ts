import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTracestate } from './tracestate.ts';

const members = (count: number, value = '1'): string =>
  Array.from({ length: count }, (_, index) => `k${index}=${value}`).join(',');

test.each([
  ['one member', 'congo=t61rcWkgMzE', 'congo=t61rcWkgMzE'],
  ['several headers, as one list', ['rojo=1', 'congo=2'], 'rojo=1,congo=2'],
  ['blanks around members', 'a=1 ,\t b=2', 'a=1,b=2'],
  ['blanks inside a value', 'a= x y', 'a= x y'],
  ['empty members', 'a=1,,b=2,', 'a=1,b=2'],
  ['keys with a tenant', 'tenant@vendor=1,0t@v=2', 'tenant@vendor=1,0t@v=2'],
  ['every sign that keys may have', 'a-_*/9=1', 'a-_*/9=1'],
  ['32 members', members(32), members(32)],
])('%s is passed on', (_, header, passed) => {
  expect(readTracestate(header)).toBe(passed);
});

test.each([
  ['nothing', undefined],
  ['a number', 7],
  ['33 members', members(33)],
  ['a member without a value', 'a=1,b'],
  ['an empty value', 'a='],
  ['an empty key', '=1'],
  ['an upper-case key', 'Foo=1'],
  ['a key that begins with a sign', '_a=1'],
  ['a key of 257 characters', `${'k'.repeat(257)}=1`],
  ['a value of 257 characters', `a=${'v'.repeat(257)}`],
  ['an equals sign in a value', 'a=1=2'],
  ['a value that is not ASCII', 'a=ä'],
  ['a line end in a value', 'a=1\r\nx: y'],
  ['a key twice', 'a=1,a=2'],
])('%s leaves nothing to pass on', (_, header) => {
  expect(readTracestate(header)).toBe('');
});

test('more than 512 characters lose long members first, then the last ones', () => {
  const long = `long=${'v'.repeat(200)}`;
  const short = members(30, 'v'.repeat(10));
  expect(readTracestate(`${long},${short}`)).toBe(short);
  const tooMany = readTracestate(members(32, 'v'.repeat(20)));
  expect(tooMany.length).toBeLessThanOrEqual(512);
  expect(members(32, 'v'.repeat(20)).startsWith(`${tooMany},`)).toBe(true);
});

test('whatever comes is read without a throw, and what is passed on is within the limits and stays as it is', () => {
  const piece = fc.constantFrom(
    'a=1',
    'b@c=2',
    ',',
    '=',
    ' ',
    '\t',
    '\r\n',
    'é',
    'K=1',
    `x=${'y'.repeat(150)}`,
    'z',
  );
  const list = fc.array(piece, { maxLength: 80 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(list, fc.array(list, { maxLength: 3 }), fc.anything()), (header) => {
      const passed = readTracestate(header);
      expect(passed.length).toBeLessThanOrEqual(512);
      expect(passed).toMatch(/^[\x20-\x7e]*$/);
      expect(passed.split(',').length).toBeLessThanOrEqual(32);
      expect(readTracestate(passed)).toBe(passed);
    }),
    { numRuns: 1000 },
  );
});
