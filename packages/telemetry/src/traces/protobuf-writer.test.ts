import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { ProtobufWriter } from './protobuf-writer.ts';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message All {
    string text = 1; bytes id = 2; uint64 number = 3; int64 integer = 4; double part = 5;
    fixed32 flags = 16; fixed64 time = 7; All inner = 8;
  }
`);
const All = root.lookupType('All');

/** From the smallest buffer on, so that every write may have to grow it. */
function read(write: (writer: ProtobufWriter) => void): Record<string, unknown> {
  const writer = new ProtobufWriter(1);
  write(writer);
  return All.toObject(All.decode(writer.copy()), { longs: String, bytes: String, defaults: true });
}

test('what is written is read again by another implementation', () => {
  const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      number,
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }),
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.nat({ max: 2 ** 31 }),
      number,
      (text, count, integer, part, flags, high, low) => {
        const all = read((writer) => {
          writer.text(0x0a, text);
          writer.number(0x18, count);
          writer.integer(0x20, integer);
          writer.double(0x29, part);
          writer.fixed32(0x85, flags);
          writer.fixed64(0x39, high, low);
        });
        const time = `${BigInt(high) * 2n ** 32n + BigInt(low)}`;
        const [longs, same] = [
          { number: `${count}`, integer: `${integer}` },
          { text, part, flags, time },
        ];
        expect(all).toMatchObject({ ...longs, ...same });
      },
    ),
  );
});

test.each([0, 1, 120, 127, 128, 20_000])('a message of about %i bytes has its length before it', (bytes) => {
  const text = 'x'.repeat(bytes);
  const all = read((writer) => {
    const outer = writer.open(0x42);
    const inner = writer.open(0x42);
    writer.text(0x0a, text);
    writer.close(inner);
    writer.number(0x18, 7);
    writer.close(outer);
    writer.number(0x18, 8);
  });
  expect(all).toMatchObject({ inner: { inner: { text }, number: '7' }, number: '8' });
});

test('half a surrogate pair is still UTF-8', () => {
  expect(read((writer) => writer.text(0x0a, 'a\ud83d'))).toMatchObject({ text: 'a\ufffd' });
});

test.each([
  ['00'.repeat(8), false],
  ['xx'.repeat(8), false],
  ['AB'.repeat(8), false],
  ['é0'.repeat(8), false],
  ['0f'.repeat(8), true],
])('of %s as hexadecimal digits nothing is written unless they are an id', (digits, isId) => {
  let written: boolean | null = null;
  const all = read((writer) => {
    written = writer.hexadecimal(0x12, digits);
    writer.number(0x18, 1);
  });
  expect(written).toBe(isId);
  const id = isId ? Buffer.from(digits, 'hex').toString('base64') : '';
  expect(all).toMatchObject({ id, number: '1' });
});
