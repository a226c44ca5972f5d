import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Workbench, withWorkbench } from '../http/run-http.ts';
import { freePort, startProcess, stopProcess } from '../http/start-process.ts';
import type { JobResult, Loop } from '../load/job.ts';
import { type Books, imbalanceOf, type SignalKind } from './books.ts';
import { OutageGateway } from './outage-gateway.ts';
import type { SinkState } from './sink-state.ts';

/** How long and how hard it is measured. */
export interface OutageOptions {
  readonly ratePerSecond: number;
  /** Of one window. */
  readonly seconds: number;
  readonly rounds: number;
}

/** One gateway, and what its sink did all the while. */
export interface OutageResult {
  readonly name: string;
  readonly state: SinkState;
  /** One for each round, in the same order for every gateway. */
  readonly windows: readonly JobResult[];
  readonly peakMib: number;
  /** When the sink was back and nothing waited any more. */
  readonly after: Books;
  /** Over the whole time: 0 where every line or span of a request is accounted for. */
  readonly imbalance: number;
  /** What the sink counted. */
  readonly taken: number;
}

/** The second healthy one shows what two processes differ by that have the same to do. */
const SUBJECTS: readonly { readonly name: string; readonly state: SinkState }[] = [
  { name: 'takes', state: 'takes' },
  { name: 'takes, another process', state: 'takes' },
  { name: 'refuses connections', state: 'refuses' },
  { name: 'never answers', state: 'hangs' },
  { name: 'answers 429', state: 429 },
  { name: 'answers 503', state: 503 },
];

const FILLING: Loop = { kind: 'closed', connections: 16 };
const FILLING_SECONDS = 4;
const MAX_FILLINGS = 20;
const MAX_CONNECTIONS = 256;
/** For what was due while a gateway stood still. */
const WAKING_MS = 1000;
/** The longest pause between two tries at Loki is 30 s, and what waits has to leave then. */
const HEALING_MS = 90_000;

interface Subject {
  readonly name: string;
  readonly state: SinkState;
  readonly gateway: OutageGateway;
  readonly sinkPort: number;
  readonly before: Books;
  readonly windows: JobResult[];
}

/** Measures gateways whose sinks are away for good beside one whose sink is well, in alternating windows of load. */
export function runOutage(
  kind: SignalKind,
  options: OutageOptions,
  note: (line: string) => void,
): Promise<readonly OutageResult[]> {
  return withWorkbench(1, async (bench) => {
    note(`${kind}: ${bench.pinning.text}`);
    const controlPort = await freePort();
    const ports: number[] = [];
    for (const _ of SUBJECTS) ports.push(await freePort());
    const sinks = await startSinks(bench, controlPort, ports);
    const subjects: Subject[] = [];
    try {
      for (const [index, { name, state }] of SUBJECTS.entries()) {
        const sinkPort = ports[index] ?? 0;
        const gateway = await OutageGateway.start(bench, kind, `${kind}-${index}`, sinkPort);
        subjects.push({ name, state, gateway, sinkPort, before: await settled(gateway), windows: [] });
      }
      await fill(subjects, note);
      await measure(subjects, options, note);
      return await close(kind, subjects, controlPort, note);
    } finally {
      for (const { gateway } of subjects) {
        gateway.resume();
        await stopProcess(gateway.running);
      }
      await stopProcess(sinks);
    }
  });
}

function startSinks({ pinning, folder }: Workbench, port: number, ports: readonly number[]) {
  const plans = SUBJECTS.map(({ state }, index) => ({ port: ports[index], state }));
  return startProcess({
    name: 'sinks-of-outage',
    nodeArguments: [fileURLToPath(new URL('./sink-process.ts', import.meta.url))],
    environment: { PORT: String(port), SINKS: JSON.stringify(plans) },
    cores: pinning.upstream,
    folder,
    port,
  });
}

/** The books once the lines of the start have been written. */
async function settled(gateway: OutageGateway): Promise<Books> {
  await wait(1000);
  return gateway.books();
}

/** An outage is long when no more can wait: each gets as much load as the one that takes the most. */
async function fill(subjects: readonly Subject[], note: (line: string) => void): Promise<void> {
  for (let times = 1; times <= MAX_FILLINGS; times += 1) {
    note(`filling what waits, ${times * FILLING_SECONDS} s each`);
    for (const { gateway } of subjects) await gateway.load(FILLING, FILLING_SECONDS);
    const ill = subjects.filter(({ state }) => state !== 'takes');
    const books = await Promise.all(ill.map(({ gateway }) => gateway.books()));
    if (times > 1 && books.every(({ full }) => full > 0)) return;
  }
  note('not everything that can wait is full: the outage that is measured is a short one');
}

async function measure(
  subjects: readonly Subject[],
  { ratePerSecond, seconds, rounds }: OutageOptions,
  note: (line: string) => void,
): Promise<void> {
  const loop: Loop = { kind: 'open', ratePerSecond, maxConnections: MAX_CONNECTIONS };
  for (const { gateway } of subjects) gateway.pause();
  for (let round = 0; round < rounds; round += 1) {
    note(`round ${round + 1} of ${rounds}`);
    // Each begins a round in its turn: none always comes after the same other one.
    for (let index = 0; index < subjects.length; index += 1) {
      const { gateway, windows } = subjects[(index + round) % subjects.length] as Subject;
      gateway.resume();
      await wait(WAKING_MS);
      windows.push(await gateway.load(loop, seconds));
      gateway.pause();
    }
  }
  for (const { gateway } of subjects) gateway.resume();
}

async function close(
  kind: SignalKind,
  subjects: readonly Subject[],
  controlPort: number,
  note: (line: string) => void,
): Promise<readonly OutageResult[]> {
  const control = `http://127.0.0.1:${controlPort}/`;
  const peaks = subjects.map(({ gateway }) => gateway.peakMib());
  note('every sink is well again');
  await fetch(control, { method: 'POST' });
  const after = await Promise.all(subjects.map((subject) => whenEmpty(kind, subject)));
  const taken = (await (await fetch(control)).json()) as Readonly<Record<string, number>>;
  return subjects.map(({ name, state, windows, sinkPort, before }, index) => {
    const end = after[index] as Books;
    const imbalance = imbalanceOf(kind, before, end);
    const peakMib = peaks[index] ?? Number.NaN;
    return { name, state, windows, peakMib, after: end, imbalance, taken: taken[sinkPort] ?? 0 };
  });
}

/** The books once nothing waits any more, or as they are when that takes too long. */
async function whenEmpty(kind: SignalKind, { gateway, before }: Subject): Promise<Books> {
  const endsAt = performance.now() + HEALING_MS;
  for (;;) {
    const books = await gateway.books();
    const isEmpty = books.queued === 0 && imbalanceOf(kind, before, books) === 0;
    if (isEmpty || performance.now() > endsAt) return books;
    await wait(500);
  }
}
