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

describe('npm run check', () => {
  it('passes where everything is in order, with a line for each gate', async () => {
    const result = await fixture().runScript('check.ts');
    expect(result.output).toMatch(/^(?:passed {2}\w+ +\d+\.\d s\n){6}$/);
    expect(result.isOk).toBe(true);
  });

  it('fails where one gate fails, with the output of that gate alone', async () => {
    const files = { 'README.md': '[gone](gone.md)\n' };
    const result = await fixture(files).runScript('check.ts');
    expect(result.output).toMatch(/^FAILED {2}docs .*\nREADME\.md:1: dead link: gone\.md$/m);
    expect(result.output.match(/^passed /gm)).toHaveLength(5);
    expect(result.isOk).toBe(false);
  });

  it('refuses the name of a gate that there is not', async () => {
    const result = await fixture().runScript('check.ts', ['lint']);
    expect(result.output).toContain('unknown: lint');
    expect(result.isOk).toBe(false);
  });
});

const failing = "import { expect, it } from 'vitest';\n\nit('fails', () => {\n  expect(1).toBe(2);\n});\n";
const passing = "import { it } from 'vitest';\n\nit('passes', () => {});\n";
const skipped = `${passing}\nit.skip('is skipped', () => {});\n`;
const planned = `${passing}\nit.todo('is planned');\n`;
const focused =
  "import { it } from 'vitest';\n\nit.only('is alone', () => {});\n\nit('is left out', () => {});\n";
const throwing = "import 'vitest';\n\nthrow new Error('on import');\n";
const rejecting =
  "import { it } from 'vitest';\n\nit('passes', () => {\n  void Promise.reject(new Error('unheard'));\n});\n";

function lastLine(output: string): string | undefined {
  return output.trimEnd().split('\n').at(-1);
}

describe('npm test', () => {
  it('counts the gates and the tests in its last line', async () => {
    const result = await fixture().runScript('test.ts');
    expect(lastLine(result.output)).toBe('7 passed, 0 failed');
    expect(result.isOk).toBe(true);
  });

  it('counts a gate that fails as one failure', async () => {
    const result = await fixture({ 'README.md': '[gone](gone.md)\n' }).runScript('test.ts');
    expect(lastLine(result.output)).toBe('6 passed, 1 failed');
    expect(result.isOk).toBe(false);
  });

  it.each([
    ['a failing test', failing, '0 passed, 1 failed'],
    ['a skipped test', skipped, '1 passed, 1 failed'],
    ['a test that is yet to be written', planned, '1 passed, 1 failed'],
    ['a focused test', focused, '0 passed, 2 failed'],
    ['a file that breaks on import', throwing, '0 passed, 1 failed'],
    ['a rejection that nobody handles', rejecting, '1 passed, 1 failed'],
  ])('counts %s as failed', async (_, text, line) => {
    const file = 'packages/metrics/src/planted.test.ts';
    const result = await fixture({ [file]: text }).runScript('test.ts', [file]);
    expect(lastLine(result.output)).toBe(line);
    expect(result.isOk).toBe(false);
  });

  it('runs only the files it is given, and fails when there are none', async () => {
    const repository = fixture({ 'packages/metrics/src/planted.test.ts': failing });
    const one = await repository.runScript('test.ts', ['packages/metrics/src/sum.test.ts']);
    expect(lastLine(one.output)).toBe('1 passed, 0 failed');
    expect(one.isOk).toBe(true);
    const none = await repository.runScript('test.ts', ['packages/gone']);
    expect(lastLine(none.output)).toBe('0 passed, 1 failed');
    expect(none.isOk).toBe(false);
  });
});
