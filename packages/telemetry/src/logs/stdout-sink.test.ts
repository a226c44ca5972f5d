import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@gatewayz/testkit';
import { expect, it } from 'vitest';
import { createStdoutSink, type StdoutSink } from './stdout-sink.ts';

const SINK = fileURLToPath(new URL('./stdout-sink.ts', import.meta.url));

/** Both ends of a named pipe. */
async function withPipe(run: (readEnd: number, writeEnd: number) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'pipe');
  execFileSync('mkfifo', [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  try {
    await run(readEnd, writeEnd);
  } finally {
    closeSync(writeEnd);
  }
}

function expectBalance(sink: StdoutSink): void {
  const { written, delivered, dropped, queued } = sink.counts();
  expect(written).toBe(delivered + dropped + queued);
}

it('writes every line once, in order', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'out');
  const fd = openSync(path, 'a');
  const sink = createStdoutSink({ fd });
  const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} žluť`);
  for (const line of lines) {
    sink.write(line);
    expectBalance(sink);
  }
  await sink.close(10_000);
  closeSync(fd);
  expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
  expect(sink.counts()).toEqual({ written: 20_000, delivered: 20_000, dropped: 0, queued: 0 });
});

it('Telemetry: stdout blocked → it goes on and counts, and waits no longer than its budget', async () => {
  await withPipe(async (readEnd, writeEnd) => {
    const sink = createStdoutSink({ fd: writeEnd, maxQueued: 200_000 });
    for (let at = 0; at < 5_000; at += 1) sink.write(`${at} ${'x'.repeat(94)}`);
    expect(sink.counts().dropped).toBeGreaterThan(1_000);
    await sink.flush(20);
    expectBalance(sink);
    expect(sink.counts().queued).toBeGreaterThan(0);
    await sink.close(20);
    const { written, delivered, dropped, queued } = sink.counts();
    expect([written, delivered + dropped, queued]).toEqual([5_000, 5_000, 0]);
    const buffer = Buffer.alloc(1_000_000);
    const received = buffer.toString('utf8', 0, readSync(readEnd, buffer)).split('\n');
    expect(received.length - 1).toBe(delivered);
    closeSync(readEnd);
  });
});

it('counts what a reader that is gone will never read', async () => {
  await withPipe(async (readEnd, writeEnd) => {
    closeSync(readEnd);
    const sink = createStdoutSink({ fd: writeEnd });
    for (let at = 0; at < 100; at += 1) sink.write('x');
    await sink.close(1_000);
    expect(sink.counts()).toEqual({ written: 100, delivered: 0, dropped: 100, queued: 0 });
  });
});

it('Telemetry: disk full → what it does not take is counted, and the next lines are tried', async () => {
  const fd = openSync('/dev/full', 'a');
  const sink = createStdoutSink({ fd });
  sink.write('x');
  await sink.flush(1_000);
  expect(sink.counts()).toMatchObject({ dropped: 1, queued: 0 });
  sink.write('y');
  await sink.close(1_000);
  closeSync(fd);
  expect(sink.counts()).toEqual({ written: 2, delivered: 0, dropped: 2, queued: 0 });
});

it('counts lines after its end as dropped', async () => {
  const fd = openSync('/dev/null', 'a');
  const sink = createStdoutSink({ fd });
  await sink.close(100);
  await sink.close(100);
  sink.write('late');
  closeSync(fd);
  expect(sink.counts()).toEqual({ written: 1, delivered: 0, dropped: 1, queued: 0 });
});

it('lets a process end though nobody reads its output', async () => {
  await withPipe(async (readEnd, writeEnd) => {
    const script = `
      const { createStdoutSink } = await import(${JSON.stringify(SINK)});
      const sink = createStdoutSink();
      for (let at = 0; at < 5_000; at += 1) sink.write('x'.repeat(100));
      setTimeout(() => process.exit(7), 200);`;
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', writeEnd, 'inherit'],
    });
    try {
      expect(await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })).toEqual([7, null]);
    } finally {
      child.kill('SIGKILL');
      closeSync(readEnd);
    }
  });
});
