/** Measures the gateway beside its floor and its peers, and the metric registry beside prom-client. */
import { httpGoals } from './http/http-goals.ts';
import { httpTables } from './http/http-tables.ts';
import { choosePinning } from './http/pinning.ts';
import { runHttp } from './http/run-http.ts';
import { type BenchOptions, type HttpOptions, type RegistryOptions, readOptions, usage } from './options.ts';
import { runProfile } from './profile/run-profile.ts';
import { registryGoals, registryTables } from './registry/registry-tables.ts';
import { runRegistry } from './registry/run-registry.ts';
import { goalTable } from './report/goal.ts';
import { machine } from './report/machine.ts';
import { writeSection } from './report/write-section.ts';

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

async function reportHttp(options: HttpOptions): Promise<string> {
  const results = await runHttp(options, note);
  const how = `${counted(options.rounds, 'round')} of ${options.seconds} s per load and candidate; ${choosePinning().text}`;
  const goals = options.candidates.includes('gatewayz') ? [goalTable(httpGoals(results))] : [];
  return [heading(how), ...goals, httpTables(results)].join('\n\n');
}

function reportRegistry(options: RegistryOptions): string {
  const results = runRegistry(options, note);
  const how = `${counted(options.runs, 'run')} in a fresh process per figure`;
  return [heading(how), goalTable(registryGoals(results)), registryTables(results)].join('\n\n');
}

function publish(name: 'http' | 'registry', content: string, write: boolean): void {
  process.stdout.write(`\n${content}\n`);
  if (write) {
    writeSection(name, content);
    note(`${name}: written to docs/benchmarks.md`);
  }
}

async function run(options: BenchOptions): Promise<void> {
  if (options.profile !== null && options.http !== null) {
    const reports = await runProfile(options.profile, options.http);
    process.stdout.write(`${reports.join('\n\n')}\n`);
    return;
  }
  if (options.registry !== null) {
    publish('registry', reportRegistry(options.registry), options.write);
  }
  if (options.http !== null) {
    publish('http', await reportHttp(options.http), options.write);
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
