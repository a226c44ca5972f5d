import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { readRejectedSpans } from './read-rejected-spans.ts';

function answer(write: (partial: protobuf.Writer) => protobuf.Writer): Uint8Array {
  return protobuf.Writer.create().uint32(0x0a).bytes(write(protobuf.Writer.create()).finish()).finish();
}

test('the number is read, whatever stands around it', () => {
  const partial = (writer: protobuf.Writer): protobuf.Writer => writer.uint32(0x08).int64(300);
  expect(readRejectedSpans(answer(partial))).toBe(300);
  expect(readRejectedSpans(answer((writer) => partial(writer.uint32(0x12).string('too old'))))).toBe(300);
  const unknown = (writer: protobuf.Writer): protobuf.Writer =>
    writer.uint32(0x79).fixed64(1).uint32(0x7d).fixed32(1);
  expect(readRejectedSpans(answer((writer) => partial(unknown(writer))))).toBe(300);
});

test('nothing said, a number below zero, and a message that breaks off are none', () => {
  const negative = answer((writer) => writer.uint32(0x08).int64(-1));
  const whole = answer((writer) => writer.uint32(0x08).int64(300));
  for (const bytes of [new Uint8Array(), answer((writer) => writer), negative, whole.subarray(0, 4)]) {
    expect(readRejectedSpans(bytes)).toBe(0);
  }
});

test('whatever comes, nothing is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(readRejectedSpans(bytes)).toBeGreaterThanOrEqual(0);
    }),
  );
});
