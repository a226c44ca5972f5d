import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { SlowTestsFirst } from './scripts/slow-tests-first.ts';

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
