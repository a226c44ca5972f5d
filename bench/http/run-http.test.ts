import { describe, expect, it } from 'vitest';
import type { Job } from '../load/job.ts';
import { measure, type Started, type Workbench } from './run-http.ts';

async function jobFor(workers: number): Promise<Job> {
  const jobs: Job[] = [];
  const generator = { run: async (job: Job) => jobs.push(job) };
  const started = { running: { pid: 1 }, port: 1, workers, headers: {} };
  await measure(
    { generator } as unknown as Workbench,
    started as unknown as Started,
    { stream: false, loop: { kind: 'closed', connections: 16 } },
    1,
  );
  return jobs[0] as Job;
}

describe('measure', () => {
  it('puts the load on each worker of a candidate', async () => {
    expect((await jobFor(1)).loop).toEqual({ kind: 'closed', connections: 16 });
    expect((await jobFor(2)).loop).toEqual({ kind: 'closed', connections: 32 });
  });
});
