/** One line with its stream's number; `tail` is the rest of its entry's JSON array. */
export interface Entry {
  readonly stream: number;
  readonly json: string;
}

/**
 * Reads what the queue encoded: for each line a head, `<stream> <nanoseconds> <metadata as JSON or nothing>`, then
 * the line itself.
 */
export function readEntries(bytes: Uint8Array): readonly Entry[] {
  const parts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
  const entries: Entry[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const head = parts[at] as string;
    const afterStream = head.indexOf(' ');
    const afterTime = head.indexOf(' ', afterStream + 1);
    const metadata = head.slice(afterTime + 1);
    const line = JSON.stringify(parts[at + 1]);
    const time = head.slice(afterStream + 1, afterTime);
    entries.push({
      stream: Number(head.slice(0, afterStream)),
      json: `["${time}",${line}${metadata === '' ? '' : `,${metadata}`}]`,
    });
  }
  return entries;
}

/** The body of a push: entries by stream, each stream's in the order in which they came. */
export function toPushJson(entries: readonly Entry[], labels: readonly string[]): string {
  const values = new Map<number, string[]>();
  for (const { stream, json } of entries) {
    const ofStream = values.get(stream);
    if (ofStream === undefined) values.set(stream, [json]);
    else ofStream.push(json);
  }
  const streams = [...values].map(
    ([stream, jsons]) => `{"stream":${labels[stream]},"values":[${jsons.join(',')}]}`,
  );
  return `{"streams":[${streams.join(',')}]}`;
}
