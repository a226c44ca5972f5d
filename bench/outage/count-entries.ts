import { gunzipSync } from 'node:zlib';

const LENGTH_DELIMITED = 2;
/** From ExportTraceServiceRequest down: `resource_spans`, `scope_spans`, `spans`. */
const PATH_OF_SPANS = [1, 2, 2];

interface Push {
  readonly streams: readonly { readonly values: readonly unknown[] }[];
}

/** How many lines a push to Loki holds, or how many spans an export. */
export function countEntries(path: string, isGzip: boolean, body: Buffer): number {
  const bytes = isGzip ? gunzipSync(body) : body;
  if (path === '/v1/traces') return countFields(bytes, PATH_OF_SPANS);
  const { streams } = JSON.parse(bytes.toString()) as Push;
  return streams.reduce((sum, { values }) => sum + values.length, 0);
}

/** How many messages of a protobuf message are found down a path of field numbers. */
function countFields(bytes: Buffer, [field, ...below]: readonly number[]): number {
  let count = 0;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    // On the way to spans everything is a message or a string.
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`wire type ${tag & 7} in an export`);
    const end = varint() + at;
    if (tag >> 3 === field) count += below.length === 0 ? 1 : countFields(bytes.subarray(at, end), below);
    at = end;
  }
  return count;
}
