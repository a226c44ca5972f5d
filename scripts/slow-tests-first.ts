import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders of tests that wait for real servers, the slowest first. */
const SLOW = ['/tests/stack/', '/tests/health-service/', '/tests/ledger/', '/tests/', '/apps/'];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = SLOW.findIndex((folder) => moduleId.includes(folder));
  return rank === -1 ? SLOW.length : rank;
}

/** Begins with what takes longest: a file of two minutes that comes last is waited for by all cores but one. */
export class SlowTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
