import { afterEach, describe, expect, it } from 'vitest';
import { createGateFixture, type GateFixture } from './gate-fixture.ts';

let open: GateFixture | undefined;

afterEach(() => {
  open?.remove();
  open = undefined;
});

function fixture(files: Readonly<Record<string, string>> = {}): GateFixture {
  open = createGateFixture();
  open.write(files);
  return open;
}

const metricsManifest = (fields: object): string =>
  `${JSON.stringify({ name: '@gatewayz/metrics', version: '0.1.0', type: 'module', exports: { '.': './src/index.ts' }, ...fields }, null, 2)}\n`;

interface PlantedFault {
  readonly fault: string;
  readonly gate: string;
  readonly files: Readonly<Record<string, string>>;
  /** What the gate must say, so that it fails for the right reason. */
  readonly says: string;
}

const use = 'export const used: number = 1;\n';

const importFaults: readonly PlantedFault[] = [
  {
    fault: 'an import of a room that is not declared',
    gate: 'biome',
    files: { 'packages/metrics/src/index.ts': "export { testkit } from '@gatewayz/testkit';\n" },
    says: 'noUndeclaredDependencies',
  },
  {
    fault: 'an import of another room by its path',
    gate: 'biome',
    files: {
      'apps/gateway/src/main.ts':
        "import { sum } from '../../../packages/metrics/src/sum.ts';\n\nsum(1, 2);\n",
    },
    says: 'noRestrictedImports',
  },
  {
    fault: 'an import from the inside of another room',
    gate: 'biome',
    files: {
      'apps/gateway/src/main.ts': "import { sum } from '@gatewayz/metrics/src/sum.ts';\n\nsum(1, 2);\n",
    },
    says: 'noRestrictedImports',
  },
  {
    fault: 'an import cycle',
    gate: 'biome',
    files: {
      'packages/metrics/src/sum.ts':
        "import { one } from './one.ts';\n\nexport const sum: number = one + 1;\n",
      'packages/metrics/src/one.ts': "import { sum } from './sum.ts';\n\nexport const one: number = sum;\n",
    },
    says: 'noImportCycles',
  },
  {
    fault: 'a manifest that declares more than the import law allows',
    gate: 'rooms',
    files: {
      'packages/metrics/package.json': metricsManifest({ dependencies: { '@gatewayz/gateway': '0.1.0' } }),
    },
    says: 'packages/metrics/package.json: may not depend on @gatewayz/gateway',
  },
  {
    fault: 'a test that imports another app',
    gate: 'rooms',
    files: { 'packages/metrics/src/sum.test.ts': "import '@gatewayz/gateway';\n" },
    says: 'packages/metrics/src/sum.test.ts: may not import @gatewayz/gateway',
  },
  {
    fault: 'a source that imports the test kit its tests may import',
    gate: 'rooms',
    files: {
      'packages/metrics/package.json': metricsManifest({ devDependencies: { '@gatewayz/testkit': '0.1.0' } }),
      'packages/metrics/src/sum.test.ts': "import { testkit } from '@gatewayz/testkit';\n\ntestkit;\n",
      'packages/metrics/src/sum.ts': "export { testkit as sum } from '@gatewayz/testkit';\n",
    },
    says: 'packages/metrics/src/sum.ts: may not import @gatewayz/testkit\n',
  },
  {
    fault: 'an example that imports what is not published',
    gate: 'rooms',
    files: {
      'examples/http/package.json': '{ "name": "@gatewayz/example-http" }\n',
      'examples/http/backend.ts': "import '@gatewayz/config';\n",
    },
    says: 'examples/http/backend.ts: may not import @gatewayz/config',
  },
  {
    fault: 'a room that the import law does not know',
    gate: 'rooms',
    files: { 'packages/stray/package.json': '{ "name": "@gatewayz/stray" }\n' },
    says: 'packages/stray: is not in the table',
  },
];

const codeFaults: readonly PlantedFault[] = [
  {
    fault: 'a default export',
    gate: 'biome',
    files: { 'packages/metrics/src/index.ts': `${use}export default used;\n` },
    says: 'noDefaultExport',
  },
  {
    fault: 'an any',
    gate: 'biome',
    files: { 'packages/metrics/src/index.ts': 'export const used: any = 1;\n' },
    says: 'noExplicitAny',
  },
  {
    fault: 'a file that is not formatted',
    gate: 'biome',
    files: { 'packages/metrics/src/index.ts': 'export const used: number = "a".length\n' },
    says: 'File content differs from formatting output',
  },
  {
    fault: 'a file name that is not in kebab-case',
    gate: 'biome',
    files: { 'packages/metrics/src/notKebab.ts': use },
    says: 'useFilenamingConvention',
  },
  {
    fault: 'a type error',
    gate: 'types',
    files: { 'packages/metrics/src/index.ts': "export const used: number = 'one';\n" },
    says: 'TS2322',
  },
  {
    fault: 'syntax that Node cannot strip',
    gate: 'types',
    files: { 'packages/metrics/src/index.ts': 'export enum Used {\n  One,\n}\n' },
    says: 'TS1294',
  },
  {
    fault: 'an export that nobody uses',
    gate: 'knip',
    files: {
      'packages/metrics/src/sum.ts': 'export const sum: number = 1;\nexport const unused: number = 2;\n',
    },
    says: 'unused',
  },
  {
    fault: 'a file that nobody imports',
    gate: 'knip',
    files: { 'apps/gateway/src/lonely.ts': use },
    says: 'lonely.ts',
  },
  {
    fault: 'a dependency that nobody uses',
    gate: 'knip',
    files: { 'packages/metrics/package.json': metricsManifest({ dependencies: { zod: '*' } }) },
    says: 'zod',
  },
];

const textFaults: readonly PlantedFault[] = [
  {
    fault: 'a lock file without the packages of other platforms',
    gate: 'lock',
    files: {
      'package-lock.json': `${JSON.stringify({
        packages: { 'node_modules/tool': { optionalDependencies: { '@tool/cli-win32-x64': '1.2.3' } } },
      })}\n`,
    },
    says: 'node_modules/@tool/cli-win32-x64',
  },
  {
    fault: 'a dead link in Markdown',
    gate: 'docs',
    files: { 'README.md': 'One.\n\nSee [this](docs/gone.md#part).\n' },
    says: 'README.md:3: dead link: docs/gone.md#part',
  },
  {
    fault: 'a path in Markdown that does not exist',
    gate: 'docs',
    files: { 'docs/page.md': 'It is in `packages/metrics/src/gone.ts`.\n' },
    says: 'docs/page.md:1: no such path: packages/metrics/src/gone.ts',
  },
  {
    fault: 'a path of one machine',
    gate: 'docs',
    files: { 'apps/gateway/src/main.ts': `console.log('${['', 'root', 'secret'].join('/')}');\n` },
    says: 'apps/gateway/src/main.ts:1: a path of one machine',
  },
  {
    fault: 'the address of a private registry',
    gate: 'docs',
    files: { 'lock.json': `{ "resolved": "${'https:'}//npm-${'registry'}.example.internal/x.tgz" }\n` },
    says: 'lock.json:1: a private registry',
  },
];

describe('a gate', () => {
  it.each([...importFaults, ...codeFaults, ...textFaults])(
    '($gate) stops $fault',
    async ({ gate, files, says }) => {
      const result = await fixture(files).runGate(gate);
      expect(result.output).toContain(says);
      expect(result.isOk).toBe(false);
    },
  );
});
