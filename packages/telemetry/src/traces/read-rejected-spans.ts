const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const PARTIAL_SUCCESS = 1;
const REJECTED_SPANS = 1;

/**
 * Reads how many spans a collector rejected from its ExportTraceServiceResponse, protobuf (opentelemetry-proto 1.7,
 * `trace_service.proto`); 0 where it says nothing of it, a negative number, or what is no such message.
 */
export function readRejectedSpans(answer: Uint8Array): number {
  const partial = readFields(answer).get(PARTIAL_SUCCESS);
  const rejected = partial instanceof Uint8Array ? readFields(partial).get(REJECTED_SPANS) : undefined;
  return typeof rejected === 'bigint' ? Math.max(0, Number(BigInt.asIntN(64, rejected))) : 0;
}

type Field = bigint | Uint8Array;

/** The last value of each field by its number; none at all where the bytes break off or are no protobuf. */
function readFields(bytes: Uint8Array): ReadonlyMap<number, Field> {
  const fields = new Map<number, Field>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    at = Number.POSITIVE_INFINITY;
    return value;
  };
  const take = (count: number): Uint8Array => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = readField(tag % 8, varint, take);
    if (field === null || at > bytes.length) return new Map();
    fields.set(Math.floor(tag / 8), field);
  }
  return fields;
}

function readField(
  wireType: number,
  varint: () => bigint,
  take: (count: number) => Uint8Array,
): Field | null {
  switch (wireType) {
    case VARINT:
      return varint();
    case FIXED64:
      return take(8);
    case BYTES:
      return take(Number(varint()));
    case FIXED32:
      return take(4);
    default:
      return null;
  }
}
