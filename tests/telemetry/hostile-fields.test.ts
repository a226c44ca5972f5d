import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, type LogFields } from '@gatewayz/telemetry';
import { startFakeLoki, temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { lokiEntries, readLines } from './telemetry-stage.ts';

const cyclic: Record<string, unknown> = { name: 'a' };
cyclic.self = cyclic;

function thrower(): never {
  throw new Error('it throws');
}

const throwing = Object.defineProperties(
  {},
  { detail: { enumerable: true, get: thrower }, toJSON: { get: thrower } },
);

const HOSTILE: readonly (readonly [title: string, value: unknown])[] = [
  [
    'Telemetry: hostile log fields, CRLF → one JSON line each, never a throw',
    'a\r\n{"level":"ERROR"}\u2028b',
  ],
  ['Telemetry: hostile log fields, ANSI → one JSON line each, never a throw', '\u001b[2J\u001b[31mred\u009b'],
  ['Telemetry: hostile log fields, 1 MB → one JSON line each, never a throw', '语"\\'.repeat(350_000)],
  ['Telemetry: hostile log fields, cyclic → one JSON line each, never a throw', cyclic],
  ['Telemetry: hostile log fields, BigInt → one JSON line each, never a throw', 10n ** 400n],
  ['Telemetry: hostile log fields, throwing getters → one JSON line each, never a throw', throwing],
];

test.each(HOSTILE)('%s', async (_, value) => {
  await using folder = await temporaryFolder();
  await using loki = await startFakeLoki();
  const path = join(folder.path, 'out');
  const fd = openSync(path, 'a');
  const logger = createLogger({ app: 'gatewayz', fd, loki: { url: loki.url, flushMs: 5 } });
  const fields = { detail: value, provider: value, error_type: value, request_id: value } as LogFields;
  logger.info('Request processed', fields);
  logger.error(value as string, value as LogFields);
  logger.error('Request failed', { after: 'still here' });
  await logger.close(10_000);
  closeSync(fd);
  const printed = readFileSync(path, 'utf8');
  const shipped = lokiEntries(loki).map(({ entry }) => entry.line);
  expect(shipped.toSorted()).toEqual(printed.split('\n').slice(0, -1).toSorted());
  expect(readLines(printed)).toEqual([
    expect.objectContaining({ level: 'INFO', message: 'Request processed' }),
    expect.objectContaining({ level: 'ERROR', message: expect.any(String) }),
    expect.objectContaining({ level: 'ERROR', message: 'Request failed', after: 'still here' }),
  ]);
  for (const line of shipped) {
    expect(line).not.toMatch(/[^\P{Cc}]|\u2028/u);
    expect(Buffer.byteLength(line)).toBeLessThan(262_144);
  }
  expect(loki.stats()).toMatchObject({ accepted: 3, discarded: {} });
});
