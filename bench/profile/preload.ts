/** Loaded with `--import` into a profiled process: SIGUSR2 starts the CPU profile, and the next one writes it. */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const file = process.env.BENCH_PROFILE ?? '';
const session = new Session();
let running = false;

async function toggle(): Promise<void> {
  if (!running) {
    running = true;
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

process.on('SIGUSR2', () => {
  toggle().catch((error: unknown) => process.stderr.write(`profile: ${String(error)}\n`));
});
