import { expect, test } from 'vitest';
import { toPlainValue } from './attribute-value.ts';
import { AttributeWriter } from './attribute-writer.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { writeAttribute } from './write-attribute.ts';

const TAG = 0x4a;
const MAX_LENGTH = 100;

/** The same attributes by both ways: remembered, and each anew. */
function both(attributes: readonly (readonly [string, unknown])[]): readonly [Uint8Array, Uint8Array] {
  const remembered = new ProtobufWriter(16);
  const writer = new AttributeWriter(remembered, MAX_LENGTH);
  const anew = new ProtobufWriter(16);
  for (const [key, value] of attributes) {
    const plain = toPlainValue(value, MAX_LENGTH);
    expect(writer.write(TAG, key, value)).toBe(plain !== null);
    if (plain !== null) writeAttribute(anew, TAG, key, plain);
  }
  return [remembered.copy(), anew.copy()];
}

test('what is remembered is written as it was the first time', () => {
  const values = ['a', 'ž🐎', '', '5', 5, -0, 0, 1.5, Number.NaN, 'NaN', true, false, null, undefined];
  const others = [
    ['a', 'b'],
    [1, 2.5],
    new Date(0),
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(500),
    '\ud800',
  ];
  const once = [...values, ...others].flatMap((value) => ['one', 'two'].map((key) => [key, value] as const));
  const [remembered, anew] = both([...once, ...once, ...once]);
  expect(remembered).toEqual(anew);
});

test('keys and values of any number are written, though few are remembered', () => {
  const many = Array.from({ length: 600 }, (_, at) => [`key ${at % 300}`, at % 40] as const);
  const oneKey = Array.from({ length: 100 }, (_, at) => ['id', `value ${at}`] as const);
  const [remembered, anew] = both([...many, ...oneKey, ...many, ...oneKey, ['x'.repeat(65), 'long key']]);
  expect(remembered).toEqual(anew);
});

test('names are written whole, remembered or not', () => {
  const names = [
    'work',
    'work',
    'žluť',
    'x'.repeat(100),
    ...Array.from({ length: 400 }, (_, at) => `name ${at}`),
  ];
  const remembered = new ProtobufWriter(16);
  const writer = new AttributeWriter(remembered, MAX_LENGTH);
  const anew = new ProtobufWriter(16);
  for (const name of [...names, ...names]) {
    writer.name(TAG, name);
    anew.text(TAG, name);
  }
  expect(remembered.copy()).toEqual(anew.copy());
});
