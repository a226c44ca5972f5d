import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startProcess, temporaryFolder } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import type { Incident } from '../core/types.ts';
import { openHealthStore } from './open-health-store.ts';

const ROUNDS = 10;
const START_MS = Date.UTC(2026, 0, 1);

/** Writes incidents and samples side by side, and prints each number once the store has said that it is kept. */
function writerScript(dataFolder: string, firstNumber: number): string {
  const store = pathToFileURL(join(import.meta.dirname, 'open-health-store.ts')).href;
  return `
import { openHealthStore } from '${store}';
const store = await openHealthStore({ url: null, dataFolder: ${JSON.stringify(dataFolder)} });
const counts = { failed: 0, unknown: 0, maintenance: 0, upMs: 0, downMs: 0, latencySumMs: 0, latencyMaxMs: 0 };
for (let n = ${firstNumber}; ; n += 8) {
  await Promise.all(Array.from({ length: 8 }, async (_, lane) => {
    const id = String(n + lane);
    await store.putIncident({ id, openedAtMs: n, status: 'open', provider: 'p', severity: 'low', evidence: [] });
    process.stdout.write('incident ' + id + '\\n');
    await store.addSamples([{ providerName: 'p', modelName: id, minuteEpochMs: ${START_MS}, ok: 1, ...counts }]);
    process.stdout.write('sample ' + id + '\\n');
  }));
}`;
}

function acknowledged(output: string, kind: string): readonly string[] {
  // A line without its end was cut by the kill.
  return [...output.matchAll(new RegExp(`^${kind} (\\d+)\\n`, 'gm'))].map((match) => match[1] ?? '');
}

test('what was acknowledged before a SIGKILL is there after it, ten times over', async () => {
  await using folder = await temporaryFolder();
  const dataFolder = join(folder.path, 'data');
  const written = { incident: new Set<string>(), sample: new Set<string>() };
  for (let round = 0; round < ROUNDS; round++) {
    const script = await folder.write(`writer-${round}.ts`, writerScript(dataFolder, round * 1_000_000));
    const writer = await startProcess({ command: 'node', args: [script], readyWhen: /sample/ });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
    writer.kill('SIGKILL');
    expect((await writer.exit).signal).toBe('SIGKILL');
    for (const kind of ['incident', 'sample'] as const) {
      for (const id of acknowledged(writer.stdout(), kind)) written[kind].add(id);
    }

    await using store = await openHealthStore({ url: null, dataFolder });
    const incidents = new Set((await store.openIncidents()).map(({ id }: Incident) => id));
    const samples = await store.totals('hours', START_MS, START_MS + 1);
    const sampled = new Set(samples.map(({ modelName }) => modelName));
    expect([...written.incident].filter((id) => !incidents.has(id))).toEqual([]);
    expect([...written.sample].filter((id) => !sampled.has(id))).toEqual([]);
    expect(new Set(samples.map(({ ok }) => ok))).toEqual(new Set([1]));
    expect(await store.totals('minutes', START_MS, START_MS + 1)).toEqual(samples);
  }
  expect(written.sample.size).toBeGreaterThan(ROUNDS);
});
