import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders of tests that wait for real servers, the slowest first. */
const SLOW = ['/tests/stack/', '/tests/health-service/', '/tests/ledger/', '/tests/', '/apps/'];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = SLOW.findIndex((folder) => moduleId.includes(folder));
  return rank === -1 ? SLOW.length : rank;
}

/** Begins with what takes longest: a file of two minutes that comes last is waited for by all cores but one. */
class SlowTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['{packages,apps}/*/src/**/*.test.ts', '{scripts,bench,tests}/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most of them wait for servers and deadlines: one file a core, none left for Vitest itself.
    maxWorkers: '100%',
    sequence: { sequencer: SlowTestsFirst },
    // End-to-end tests start real servers on machines that others use as well: one that fails is tried once more, and
    // the report says so.
    retry: process.env.CI === 'true' ? 1 : 0,
  },
});

export default config;
