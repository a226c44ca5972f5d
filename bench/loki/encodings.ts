/**
 * What one batch of 2,500 request lines costs in each encoding that Loki takes: bytes on the wire, and processor time
 * to make it from lines. `node bench/loki/encodings.ts [folder with snappy and snappyjs installed]`
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createLogger } from '@gatewayz/telemetry';
import protobuf from 'protobufjs';
import { median } from '../report/median.ts';
import { figure, table } from '../report/table.ts';
import { requestFields } from './request-fields.ts';

interface Line {
  readonly timestamp: string;
  readonly text: string;
  readonly metadata: Readonly<Record<string, string>>;
}

type Pack = (bytes: Buffer) => Uint8Array;

const LINES = 2_500;
const ROUNDS = 40;
const LABELS = { app: 'gatewayz', env: 'production', service: 'gateway', level: 'INFO', provider: 'groq' };

async function makeLines(): Promise<readonly Line[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatewayz-bench-'));
  const path = join(folder, 'lines');
  const fd = openSync(path, 'a');
  const logger = createLogger({ app: 'gatewayz', env: 'production', service: 'gateway', fd });
  for (let at = 0; at < LINES; at += 1) logger.info('Request processed', requestFields(at));
  await logger.close(10_000);
  closeSync(fd);
  const texts = readFileSync(path, 'utf8').trimEnd().split('\n');
  rmSync(folder, { recursive: true });
  return texts.map((text, at) => {
    const { request_id, model } = JSON.parse(text) as { readonly request_id: string; readonly model: string };
    return { timestamp: `1800000000${String(at).padStart(9, '0')}`, text, metadata: { request_id, model } };
  });
}

function toJson(lines: readonly Line[]): Buffer {
  const values = lines.map(
    ({ timestamp, text, metadata }) => `["${timestamp}",${JSON.stringify(text)},${JSON.stringify(metadata)}]`,
  );
  return Buffer.from(`{"streams":[{"stream":${JSON.stringify(LABELS)},"values":[${values.join(',')}]}]}`);
}

function createToProtobuf(): (lines: readonly Line[]) => Buffer {
  const schema = protobuf.loadSync(fileURLToPath(new URL('./push.proto', import.meta.url)));
  const type = schema.lookupType('logproto.PushRequest');
  const labels = `{${Object.entries(LABELS)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`;
  return (lines) => {
    const entries = lines.map(({ timestamp, text, metadata }) => ({
      timestamp: { seconds: Number(timestamp.slice(0, -9)), nanos: Number(timestamp.slice(-9)) },
      line: text,
      structuredMetadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
    }));
    return Buffer.from(type.encode({ streams: [{ labels, entries }] }).finish());
  };
}

function snappyPacks(folder: string | undefined): Readonly<Record<string, Pack>> {
  if (folder === undefined) return {};
  const require = createRequire(join(resolve(folder), 'package.json'));
  const native = require('snappy') as { readonly compressSync: Pack };
  const script = require('snappyjs') as { readonly compress: Pack };
  return {
    'protobuf, snappy (native)': native.compressSync,
    'protobuf, snappy (snappyjs)': script.compress,
  };
}

function measure(encode: () => Uint8Array): { readonly bytes: number; readonly ms: number } {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = performance.now();
    bytes = encode().byteLength;
    times.push(performance.now() - before);
  }
  return { bytes, ms: median(times.slice(ROUNDS / 4)) };
}

const lines = await makeLines();
const toProtobuf = createToProtobuf();
const encodings: Record<string, () => Uint8Array> = { 'JSON, plain': () => toJson(lines) };
for (const level of [1, 3, 6]) encodings[`JSON, gzip ${level}`] = () => gzipSync(toJson(lines), { level });
for (const [name, pack] of Object.entries(snappyPacks(process.argv[2]))) {
  encodings[name] = () => pack(toProtobuf(lines));
}
const rows = Object.entries(encodings).map(([name, encode]) => {
  const { bytes, ms } = measure(encode);
  const perSecond = (ms / LINES) * 2_000;
  return [name, figure(bytes / 1_000), figure(bytes / LINES), figure(ms), `${figure(perSecond / 10)} %`];
});
process.stdout.write(
  `${table(['encoding', 'KB', 'bytes a line', 'ms a batch', 'of one core at 2,000 lines/s'], rows)}\n`,
);
