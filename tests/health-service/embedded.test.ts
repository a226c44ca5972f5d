import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { hangs, type TemporaryFolder, temporaryFolder } from '@gatewayz/testkit';
import { expect, test, vi } from 'vitest';
import { ask, chatBody } from '../ask.ts';
import { type Stage, startStage } from '../stage.ts';
import { OFTEN, PATIENT } from './health-stage.ts';

const PRELOAD = join(import.meta.dirname, 'crash-on-demand.ts');
/** The second wait is two seconds, and a start takes some more. */
const RESTARTED = { timeout: 30_000, interval: 50 } as const;

type Fault = 'error' | 'memory' | 'hang';

interface EmbeddedStage extends AsyncDisposable {
  readonly stage: Stage<'primary'>;
  up(): Promise<number | undefined>;
  crash(how: Fault): Promise<void>;
}

/** A gateway with the health service in its own thread, as `npm start` starts it. */
async function startEmbedded(server: Readonly<Record<string, number>> = {}): Promise<EmbeddedStage> {
  const folder: TemporaryFolder = await temporaryFolder('gatewayz-crash-');
  const stage = await startStage({
    providers: { primary: {} },
    config: { server, healthService: { ...OFTEN, embedded: true }, health: { pollIntervalMs: 500 } },
    gateway: { nodeArgs: ['--import', PRELOAD], env: { CRASH_FILE: join(folder.path, 'crash') } },
  }).catch(async (error: unknown) => {
    await folder.dispose();
    throw error;
  });
  const up = async (): Promise<number | undefined> =>
    (await stage.gateway.metrics()).value('gatewayz_health_service_up');
  return {
    stage,
    up,
    // In one step, so that it is never read half written.
    crash: async (how) => rename(await folder.write('new', how), join(folder.path, 'crash')),
    [Symbol.asyncDispose]: async () => {
      await stage.close();
      await folder.dispose();
    },
  };
}

function endsOf({ stage }: EmbeddedStage): readonly { readonly startsAgainInMs: number }[] {
  return stage.gateway.process
    .stdout()
    .split('\n')
    .filter((line) => line.includes('"the health service ended"'))
    .map((line) => JSON.parse(line) as { startsAgainInMs: number });
}

test('a health service that crashes or runs out of memory comes back, and the gateway serves on', async () => {
  await using embedded = await startEmbedded();
  const { gateway } = embedded.stage;
  await vi.waitFor(async () => expect(await embedded.up()).toBe(1), PATIENT);

  let isOver = false;
  const statuses: number[] = [];
  const client = (async () => {
    while (!isOver)
      statuses.push(
        await ask(gateway, { body: chatBody('hello') }).then(
          ({ status }) => status,
          () => 0,
        ),
      );
  })();
  for (const [fault, waits] of [
    ['error', [1000]],
    ['memory', [1000, 2000]],
  ] as const) {
    await embedded.crash(fault);
    const startsAgainInMs = (): number[] => endsOf(embedded).map((end) => end.startsAgainInMs);
    await vi.waitFor(() => expect(startsAgainInMs()).toEqual(waits), RESTARTED);
    await vi.waitFor(async () => expect(await embedded.up()).toBe(0), RESTARTED);
    await vi.waitFor(async () => expect(await embedded.up()).toBe(1), RESTARTED);
  }
  isOver = true;
  await client;
  expect(statuses.length).toBeGreaterThan(100);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const line = gateway.process
    .stdout()
    .split('\n')
    .find((text) => text.includes('the test wanted an error'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ service: 'gateway', component: 'health-service' });
  expect(gateway.process.stdout()).toContain('ERR_WORKER_OUT_OF_MEMORY');
  // It is watched by the new thread as by the old one.
  await vi.waitFor(async () => {
    const labels = { status: 'healthy' };
    expect((await gateway.metrics()).value('gatewayz_health_status_distribution', labels)).toBe(1);
  }, PATIENT);
  expect(await gateway.stop()).toEqual({ code: 0, signal: null });
}, 120_000);

test('SIGTERM ends the health service with the gateway: its file is closed, and nothing is left', async () => {
  await using embedded = await startEmbedded();
  const { gateway } = embedded.stage;
  await vi.waitFor(async () => expect(await embedded.up()).toBe(1), PATIENT);
  const file = join(gateway.dataFolder, 'health.sqlite');
  expect(existsSync(`${file}-wal`)).toBe(true);
  gateway.process.kill('SIGTERM');
  expect(await gateway.process.exit).toEqual({ code: 0, signal: null });
  expect([existsSync(file), existsSync(`${file}-wal`)]).toEqual([true, false]);
});

test('a health service that hangs holds neither the gateway up nor its end', async () => {
  await using embedded = await startEmbedded();
  const { gateway } = embedded.stage;
  await vi.waitFor(async () => expect(await embedded.up()).toBe(1), PATIENT);
  await embedded.crash('hang');
  await vi.waitFor(async () => expect(await embedded.up()).toBe(0), PATIENT);
  expect((await ask(gateway, { body: chatBody('hello') })).status).toBe(200);
  gateway.process.kill('SIGTERM');
  expect(await gateway.process.exit).toEqual({ code: 0, signal: null });
}, 60_000);

test('a second signal while the gateway drains ends it at once, health service and all', async () => {
  await using embedded = await startEmbedded({ drainDelayMs: 0, drainDeadlineMs: 600_000 });
  const { gateway } = embedded.stage;
  const { primary } = embedded.stage.providers;
  await vi.waitFor(async () => expect(await embedded.up()).toBe(1), PATIENT);
  primary.setDefault(hangs());
  const open = ask(gateway, { body: chatBody('a request that hangs') }).catch(() => null);
  await vi.waitFor(() => expect(primary.attempts('large').at(-1)?.endedAtMs).toBeNull(), PATIENT);
  gateway.process.kill('SIGTERM');
  await gateway.process.waitForOutput(/"draining"/);
  gateway.process.kill('SIGTERM');
  expect(await gateway.process.exit).toEqual({ code: 1, signal: null });
  expect(await open).toBeNull();
});
