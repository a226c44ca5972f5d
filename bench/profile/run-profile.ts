import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CandidateName } from '../http/candidates.ts';
import { measure, startCandidate, type Workbench, warmUp, withWorkbench } from '../http/run-http.ts';
import { type Scenario, scenarioTitle } from '../http/scenarios.ts';
import type { HttpOptions } from '../options.ts';
import { figure } from '../report/table.ts';
import { type SelfTime, selfTimes } from './self-times.ts';

const FUNCTIONS = 40;
const PLACES = 15;
const WRITE_TIMEOUT_MS = 20_000;

async function written(file: string): Promise<void> {
  const deadline = performance.now() + WRITE_TIMEOUT_MS;
  while (!existsSync(file)) {
    if (performance.now() > deadline) {
      throw new Error('the profile was not written');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function lines(times: readonly SelfTime[], count: number): string {
  return times
    .slice(0, count)
    .map(({ name, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${name}`)
    .join('\n');
}

async function profileOne(
  bench: Workbench,
  name: CandidateName,
  scenario: Scenario,
  options: HttpOptions,
): Promise<string> {
  const file = join(bench.folder, `${scenario.name.replaceAll('/', '-')}.cpuprofile`);
  const preload = fileURLToPath(new URL('./preload.ts', import.meta.url));
  const started = await startCandidate(bench, name, ['--import', preload], { BENCH_PROFILE: file });
  if ('failure' in started || started.running === bench.upstream) {
    throw new Error('failure' in started ? started.failure : 'direct has no process to profile');
  }
  const { child } = started.running;
  try {
    await warmUp(bench, started, options.warmUpSeconds);
    child.kill('SIGUSR2');
    const result = await measure(bench, started, scenario, options.seconds);
    child.kill('SIGUSR2');
    await written(file);
    const { busyShare, functions, places } = selfTimes(JSON.parse(readFileSync(file, 'utf8')));
    const rate = 'failure' in result ? result.failure : `${figure(result.perSecond)}/s under the profiler`;
    const title = `${name}, ${scenarioTitle(scenario)}: ${rate}, busy ${Math.round(busyShare * 100)} %`;
    return `${title}\n\nself time by place\n${lines(places, PLACES)}\n\nself time by function\n${lines(functions, FUNCTIONS)}`;
  } finally {
    await started.stop();
  }
}

/** Profiles one candidate under each load, in a fresh process each time; the profile covers the load only. */
export function runProfile(name: CandidateName, options: HttpOptions): Promise<readonly string[]> {
  return withWorkbench(options.streamWrites, async (bench) => {
    const reports: string[] = [];
    for (const scenario of options.scenarios) {
      reports.push(await profileOne(bench, name, scenario, options));
    }
    return reports;
  });
}
