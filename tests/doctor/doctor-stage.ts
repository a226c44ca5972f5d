import { dirname, join } from 'node:path';
import {
  type FakeHealthService,
  type RunningGateway,
  repositoryRoot,
  startFakeHealthService,
  startProcess,
} from '@gatewayz/testkit';
import { vi } from 'vitest';
import { type Stage, startStage } from '../stage.ts';

/** What the doctor printed, and how it ended. */
export interface Diagnosis {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A gateway that polls a fake health service, and has done so at least once. */
export interface DoctorStage extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly healthService: FakeHealthService;
  /** The doctor with the gateway's own environment, and more. */
  diagnose(env?: Readonly<Record<string, string>>, args?: readonly string[]): Promise<Diagnosis>;
  close(): Promise<void>;
}

const DOCTOR = join(repositoryRoot, 'apps/doctor/src/main.ts');

/** Runs the doctor in this environment alone. */
export async function runDoctor(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Diagnosis> {
  await using running = await startProcess({ command: process.execPath, args: [DOCTOR, ...args], env });
  const { code } = await running.exit;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** The block of a report that belongs to one check: its line, and the next step where there is one. */
export function blockOf(report: string, name: string): string {
  const lines = report.split('\n');
  const index = lines.findIndex((line) => line.slice(9).startsWith(`${name} `));
  const isMore = lines[index + 1]?.trimStart().startsWith('→') ?? false;
  return lines.slice(index, index + (isMore ? 2 : 1)).join('\n');
}

/** Starts the stage; the gateway polls every second. */
export async function startDoctorStage(env: Readonly<Record<string, string>> = {}): Promise<DoctorStage> {
  const healthService = await startFakeHealthService();
  const own = { HEALTH_SERVICE_URL: healthService.url, ...env };
  const stage: Stage<'primary'> = await startStage({
    providers: { primary: {} },
    config: { health: { pollIntervalMs: 1000, monitorIntervalMs: 200 } },
    gateway: { env: own },
  });
  const { gateway } = stage;
  const isPolled = async (): Promise<void> => {
    const at = (await gateway.metrics()).value('gatewayz_health_service_last_successful_scrape');
    if (at === undefined) throw new Error('no poll has been answered');
  };
  await vi.waitFor(isPolled, { timeout: 20_000, interval: 100 });
  const close = async (): Promise<void> => {
    await stage.close();
    await healthService.close();
  };
  return {
    gateway,
    healthService,
    diagnose: (further = {}, args = []) =>
      runDoctor(
        {
          HOST: '127.0.0.1',
          PORT: String(gateway.port),
          GATEWAYZ_CONFIG: join(dirname(gateway.dataFolder), 'gatewayz.yaml'),
          ...own,
          ...further,
        },
        args,
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}
