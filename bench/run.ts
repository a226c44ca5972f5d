/** Measures the gateway beside its floor and its peers, the metric registry beside prom-client, the poller, and the views. */
import { httpGoals } from './http/http-goals.ts';
import { httpTables } from './http/http-tables.ts';
import { candidateCores, choosePinning } from './http/pinning.ts';
import { runHttp } from './http/run-http.ts';
import { workersOf } from './http/workers-launch.ts';
import {
  type BenchOptions,
  type BenchPart,
  type HttpOptions,
  type PollerOptions,
  type RegistryOptions,
  readOptions,
  usage,
  type ViewsOptions,
} from './options.ts';
import { pollerGoals, pollerTable } from './poller/poller-tables.ts';
import { runPoller } from './poller/run-poller.ts';
import { runProfile } from './profile/run-profile.ts';
import { registryGoals, registryTables } from './registry/registry-tables.ts';
import { runRegistry } from './registry/run-registry.ts';
import { goalTable } from './report/goal.ts';
import { machine } from './report/machine.ts';
import { writeSection } from './report/write-section.ts';
import { runViews } from './views/run-views.ts';
import { viewsGoals, viewsTables } from './views/views-tables.ts';

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

function heading(how: string): string {
  const command = ['node bench/run.ts', ...process.argv.slice(2)].join(' ');
  return `${new Date().toISOString().slice(0, 10)}, \`${command}\`, on ${machine()}; ${how}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** What is other with candidates of several workers. */
function workersText({ candidates }: HttpOptions): string {
  const texts = candidates.map((name) => {
    const workers = workersOf(name);
    const cores = candidateCores(choosePinning(), workers);
    const place = cores === null ? '' : ` on cores ${cores.join(' and ')},`;
    return workers === 1 ? '' : `; ${name}${place} with ${workers} × the load, and compared by CPU time`;
  });
  return texts.join('');
}

async function reportHttp(options: HttpOptions): Promise<string> {
  const results = await runHttp(options, note);
  const { title, rounds, seconds } = options;
  const how = `${counted(rounds, 'round')} of ${seconds} s per load and candidate; ${choosePinning().text}${workersText(options)}`;
  const goals = httpGoals(results).filter(({ met }) => met !== null);
  return [
    ...(title === '' ? [] : [`### ${title}`]),
    heading(how),
    ...(goals.length === 0 ? [] : [goalTable(goals)]),
    httpTables(results),
  ].join('\n\n');
}

async function reportComparisons(all: readonly HttpOptions[]): Promise<string> {
  const reports: string[] = [];
  for (const options of all) reports.push(await reportHttp(options));
  return reports.join('\n\n');
}

function reportRegistry(options: RegistryOptions): string {
  const results = runRegistry(options, note);
  const how = `${counted(options.runs, 'run')} in a fresh process per figure`;
  return [heading(how), goalTable(registryGoals(results)), registryTables(results)].join('\n\n');
}

async function reportPoller(options: PollerOptions): Promise<string> {
  const results = await runPoller(options, note);
  const how = `${counted(options.runs, 'run')} of ${options.polls.toLocaleString('en')} polls in a fresh process`;
  return [heading(how), goalTable(pollerGoals(results)), pollerTable(results)].join('\n\n');
}

async function reportViews(options: ViewsOptions): Promise<string> {
  const results = await runViews(options, note);
  const how = `${counted(options.rounds, 'answer')} a view and source, over ${results.series.toLocaleString('en')} series`;
  return [heading(how), goalTable(viewsGoals(results)), viewsTables(results)].join('\n\n');
}

function publish(name: BenchPart, content: string, write: boolean): void {
  process.stdout.write(`\n${content}\n`);
  if (write) {
    writeSection(name, content);
    note(`${name}: written to docs/benchmarks.md`);
  }
}

async function run(options: BenchOptions): Promise<void> {
  const profiled = options.http?.[0];
  if (options.profile !== null && profiled !== undefined) {
    const reports = await runProfile(options.profile, profiled);
    process.stdout.write(`${reports.join('\n\n')}\n`);
    return;
  }
  if (options.registry !== null) {
    publish('registry', reportRegistry(options.registry), options.write);
  }
  if (options.poller !== null) {
    publish('poller', await reportPoller(options.poller), options.write);
  }
  if (options.views !== null) {
    publish('views', await reportViews(options.views), options.write);
  }
  if (options.http !== null) {
    publish('http', await reportComparisons(options.http), options.write);
  }
}

function read(): BenchOptions | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    note(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}

// Leaving through `exit` lets the started processes and the temporary folder be cleaned up.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = read();
if (options !== null) {
  await run(options);
}
