/** One measurement of one metrics library in a process of its own: `node worker.ts '{"library":…,"task":…}'`. */
import { fill } from './fill.ts';
import { type Stalled, withStallMeter } from './stall-meter.ts';
import { makeLabelSets, makeValues, type Subject } from './subject.ts';

/** The libraries, prom-client in both ways of using it. */
export type Library = 'gatewayz' | 'prom-client' | 'prom-client-kept';

/** What a worker measures. */
export type Task =
  | { readonly kind: 'inc' | 'observe' }
  | { readonly kind: 'render'; readonly series: number };

/** What a worker is started with. */
export interface WorkerPlan {
  readonly library: Library;
  readonly task: Task;
}

/** Nanoseconds of each batch's average call. */
export interface HotFigures {
  readonly nanoseconds: readonly number[];
}

/** The first render of the process, then the ones after it with every child changed in between. */
export interface RenderFigures {
  readonly first: Stalled;
  readonly later: readonly Stalled[];
}

const CHILDREN = 16;
const CALLS = 100_000;
const WARM_UP_BATCHES = 6;
const BATCHES = 15;
const WARM_UP_RENDERS = 3;
const RENDERS = 10;

async function createSubject(library: Library): Promise<Subject> {
  if (library === 'gatewayz') {
    return (await import('./gatewayz-subject.ts')).createGatewayzSubject();
  }
  return (await import('./prom-client-subject.ts')).createPromClientSubject(library === 'prom-client-kept');
}

function timeBatches(batch: () => void): HotFigures {
  const nanoseconds: number[] = [];
  for (let index = 0; index < WARM_UP_BATCHES + BATCHES; index += 1) {
    const startedAt = performance.now();
    batch();
    nanoseconds.push(((performance.now() - startedAt) * 1e6) / CALLS);
  }
  return { nanoseconds: nanoseconds.slice(WARM_UP_BATCHES) };
}

function timeInc(subject: Subject): HotFigures {
  const children = subject.counter('bench_requests_total', makeLabelSets(CHILDREN));
  return timeBatches(() => {
    for (let index = 0; index < CALLS; index += 1) {
      children[index % CHILDREN]?.inc();
    }
  });
}

function timeObserve(subject: Subject): HotFigures {
  const children = subject.histogram('bench_duration_seconds', makeLabelSets(CHILDREN));
  const values = makeValues();
  return timeBatches(() => {
    for (let index = 0; index < CALLS; index += 1) {
      children[index % CHILDREN]?.observe(values[index & 1023] ?? 0);
    }
  });
}

/** Throws unless the exposition has every series, with each counter at the number of its touches. */
async function checkRender(subject: Subject, series: number, touches: number): Promise<void> {
  const lines = (await subject.render()).toString().split('\n');
  const found = lines.filter((line) => line.startsWith('bench_'));
  const stale = found.filter((line) => line.startsWith('bench_requests_') && !line.endsWith(` ${touches}`));
  const isFresh = stale.every((line) => line.endsWith(` ${touches}.0`));
  if (found.length !== series || !isFresh) {
    throw new Error(`the exposition has ${found.length} series of ${series}, for example ${stale[0]}`);
  }
}

async function timeRender(subject: Subject, series: number): Promise<RenderFigures> {
  const touch = fill(subject, series);
  const first = await withStallMeter(() => subject.render());
  const later: Stalled[] = [];
  for (let index = 0; index < WARM_UP_RENDERS + RENDERS; index += 1) {
    touch();
    later.push(await withStallMeter(() => subject.render()));
  }
  await checkRender(subject, series, 1 + later.length);
  return { first, later: later.slice(WARM_UP_RENDERS) };
}

async function run({ library, task }: WorkerPlan): Promise<HotFigures | RenderFigures> {
  const subject = await createSubject(library);
  switch (task.kind) {
    case 'inc':
      return timeInc(subject);
    case 'observe':
      return timeObserve(subject);
    case 'render':
      return timeRender(subject, task.series);
    default: {
      const unknown: never = task;
      throw new Error(`unknown task ${JSON.stringify(unknown)}`);
    }
  }
}

const plan: WorkerPlan = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(JSON.stringify(await run(plan)));
