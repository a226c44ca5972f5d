/** One line with its stream's number. */
export interface Entry {
  readonly stream: number;
  /** Its JSON array, in UTF-8. */
  readonly json: Uint8Array;
}

const LINE_END = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = Buffer.from('["');
const CLOSE = Buffer.from(']');
const COMMA_BYTES = Buffer.from(',');

/**
 * Reads what the queue encoded: for each line a head, `<stream> <nanoseconds> <metadata as JSON or nothing>`, then
 * the line itself. Bytes stay bytes: made into text, escaped and made into bytes again, a line cost twice as much.
 */
export function readEntries(bytes: Uint8Array): readonly Entry[] {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Every byte may need an escape; what is around an entry is less than its head once more.
  const output = Buffer.allocUnsafeSlow(2 * input.length);
  const entries: Entry[] = [];
  let start = 0;
  for (let at = 0; at < input.length; ) {
    const headEnd = input.indexOf(LINE_END, at);
    const lineEnd = input.indexOf(LINE_END, headEnd + 1);
    if (headEnd === -1 || lineEnd === -1) break;
    let stream = 0;
    for (; at < headEnd && input[at] !== SPACE; at += 1) stream = stream * 10 + ((input[at] ?? ZERO) - ZERO);
    const end = writeEntry(input, { timeAt: at + 1, headEnd, lineEnd }, output, start);
    entries.push({ stream, json: output.subarray(start, end) });
    start = end;
    at = lineEnd + 1;
  }
  return entries;
}

interface LinePlace {
  readonly timeAt: number;
  readonly headEnd: number;
  readonly lineEnd: number;
}

/** Writes `["time","line",metadata]` and says where it ends. */
function writeEntry(
  input: Buffer,
  { timeAt, headEnd, lineEnd }: LinePlace,
  output: Buffer,
  start: number,
): number {
  const timeEnd = input.indexOf(SPACE, timeAt);
  let to = start + OPEN.copy(output, start);
  to += input.copy(output, to, timeAt, timeEnd);
  output[to++] = QUOTE;
  output[to++] = COMMA;
  output[to++] = QUOTE;
  // Control characters are spelled out already, so that these two are all that JSON cannot have.
  for (let at = headEnd + 1; at < lineEnd; at += 1) {
    const byte = input[at] as number;
    if (byte === QUOTE || byte === BACKSLASH) output[to++] = BACKSLASH;
    output[to++] = byte;
  }
  output[to++] = QUOTE;
  if (headEnd > timeEnd + 1) {
    output[to++] = COMMA;
    to += input.copy(output, to, timeEnd + 1, headEnd);
  }
  return to + CLOSE.copy(output, to);
}

/** The body of a push: entries by stream, each stream's in the order in which they came. */
export function toPushJson(entries: readonly Entry[], labels: readonly string[]): Buffer {
  const values = new Map<number, Uint8Array[]>();
  for (const { stream, json } of entries) {
    const ofStream = values.get(stream);
    if (ofStream === undefined) values.set(stream, [json]);
    else ofStream.push(COMMA_BYTES, json);
  }
  const parts: Uint8Array[] = [];
  for (const [stream, jsons] of values) {
    const lead = parts.length === 0 ? '{"streams":[' : ',';
    parts.push(Buffer.from(`${lead}{"stream":${labels[stream]},"values":[`), ...jsons, Buffer.from(']}'));
  }
  parts.push(Buffer.from(parts.length === 0 ? '{"streams":[]}' : ']}'));
  return Buffer.concat(parts);
}
