import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gates, runGate } from './gates.ts';
import { type CommandResult, runCommand, toToolEnvironment } from './run-command.ts';
import { writeFiles } from './write-files.ts';

const repository = join(import.meta.dirname, '..');
const copied = [
  'biome.json',
  'knip.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'vitest.config.ts',
  '.gitignore',
];

function manifest(name: string, dependencies: Readonly<Record<string, string>> = {}): string {
  const exports = name === 'gateway' ? undefined : { '.': './src/index.ts' };
  const fields = { name: `@gatewayz/${name}`, version: '0.1.0', type: 'module', exports, dependencies };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

const workspace = {
  private: true,
  type: 'module',
  workspaces: ['packages/*', 'apps/*'],
  devDependencies: { vitest: '*' },
};

const readme = `# A fixture

See [the sum](packages/metrics/src/sum.ts), [its start](packages/metrics/src/sum.ts#L1 "line 1"), [this part](#part),
[elsewhere](https://example.com/registry/x), \`packages/metrics/src/index.ts\`, \`npm run check\` and
\`[no link](gone.md)\`; packages come from https://registry.npmjs.org/vitest.

\`\`\`markdown
[an example](gone.md) and \`packages/gone.ts\`
\`\`\`
`;

/** A small repository in order: three rooms, a test and a page of documentation. */
const soundFiles: Readonly<Record<string, string>> = {
  'package.json': `${JSON.stringify(workspace, null, 2)}\n`,
  'package-lock.json': '{ "packages": {} }\n',
  'README.md': readme,
  'packages/metrics/package.json': manifest('metrics'),
  'packages/metrics/src/index.ts': "export { sum } from './sum.ts';\n",
  'packages/metrics/src/sum.ts':
    'export function sum(left: number, right: number): number {\n  return left + right;\n}\n',
  'packages/metrics/src/sum.test.ts':
    "import { expect, it } from 'vitest';\nimport { sum } from './sum.ts';\n\nit('adds', () => {\n  expect(sum(1, 2)).toBe(3);\n});\n",
  'packages/testkit/package.json': manifest('testkit'),
  'packages/testkit/src/index.ts': 'export const testkit: number = 1;\n',
  'apps/gateway/package.json': manifest('gateway', { '@gatewayz/metrics': '0.1.0' }),
  'apps/gateway/src/main.ts': "import { sum } from '@gatewayz/metrics';\n\nconsole.log(sum(1, 2));\n",
};

/** A repository of its own in a temporary folder, with this repository's configuration and installed packages. */
export interface GateFixture {
  readonly root: string;
  write(files: Readonly<Record<string, string>>): void;
  runGate(name: string): Promise<CommandResult>;
  /** Runs one of this folder's scripts there, as npm would. */
  runScript(script: string, args?: readonly string[]): Promise<CommandResult>;
  remove(): void;
}

function linkModules(root: string): void {
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@gatewayz'), { recursive: true });
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name !== '@gatewayz') symlinkSync(join(repository, 'node_modules', name), join(modules, name));
  }
  symlinkSync('../../packages/metrics', join(modules, '@gatewayz', 'metrics'));
  symlinkSync('../../packages/testkit', join(modules, '@gatewayz', 'testkit'));
  symlinkSync('../../apps/gateway', join(modules, '@gatewayz', 'gateway'));
}

/** The environment of a fresh shell: a test run inside a test run must not take itself for a part of the outer one. */
function toCleanEnvironment(root: string): NodeJS.ProcessEnv {
  const entries = Object.entries(toToolEnvironment(root));
  return Object.fromEntries(
    entries.filter(([name]) => !/^(?:VITEST|NODE_ENV|TEST$|DEV$|PROD$|MODE$)/.test(name)),
  );
}

/** Creates the fixture in order; a test plants its fault. */
export function createGateFixture(): GateFixture {
  const root = mkdtempSync(join(tmpdir(), 'gatewayz-gates-'));
  for (const file of copied) copyFileSync(join(repository, file), join(root, file));
  writeFiles(root, soundFiles);
  linkModules(root);
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  return {
    root,
    write: (files) => writeFiles(root, files),
    runGate(name) {
      const gate = gates.find((candidate) => candidate.name === name);
      if (gate === undefined) throw new Error(`no gate ${name}`);
      return runGate(gate, root);
    },
    runScript: (script, args = []) =>
      runCommand('node', [join(import.meta.dirname, script), ...args], {
        cwd: root,
        env: toCleanEnvironment(root),
      }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
