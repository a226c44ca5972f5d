import type { PlainValue } from './attribute-value.ts';
import { OTLP } from './otlp-tags.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

/** Writes one attribute, as a field of the message that is open. */
export function writeAttribute(writer: ProtobufWriter, tag: number, key: string, value: PlainValue): void {
  const pair = writer.open(tag);
  writer.text(OTLP.keyValue.key, key);
  writeValue(writer, OTLP.keyValue.value, value);
  writer.close(pair);
}

/** Writes a value as a field of the message that is open; numbers as whole ones where they are and `isWhole` says so. */
export function writeValue(writer: ProtobufWriter, tag: number, value: PlainValue, isWhole = true): void {
  const message = writer.open(tag);
  switch (typeof value) {
    case 'string':
      writer.text(OTLP.anyValue.string, value);
      break;
    case 'boolean':
      writer.number(OTLP.anyValue.bool, value ? 1 : 0);
      break;
    case 'number':
      if (isWhole && Number.isSafeInteger(value)) writer.integer(OTLP.anyValue.int, value);
      else writer.double(OTLP.anyValue.double, value);
      break;
    default:
      writeList(writer, value);
  }
  writer.close(message);
}

/** Lists are of one type: where one number has a fraction, all are as such. */
function writeList(writer: ProtobufWriter, values: Extract<PlainValue, readonly unknown[]>): void {
  const list = writer.open(OTLP.anyValue.array);
  const isWhole = values.every(Number.isSafeInteger);
  for (const value of values) writeValue(writer, OTLP.arrayValue.values, value, isWhole);
  writer.close(list);
}
