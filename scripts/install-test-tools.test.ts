import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installTestTools } from './install-test-tools.ts';
import type { TestTool } from './test-tools.ts';
import { writeFiles } from './write-files.ts';

const tools: readonly TestTool[] = [
  { debianPackage: 'anvil', why: 'to forge', probe: { kind: 'binary', binary: 'forge' } },
  { debianPackage: 'anvil', why: 'to temper', probe: { kind: 'binary', binary: 'temper' } },
  { debianPackage: 'python3-anvil', why: 'to read', probe: { kind: 'python-module', module: 'anvil' } },
];

let folder: string;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatewayz-tools-'));
  lines = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeProgram(name: string, script: string): void {
  writeFiles(folder, { [name]: `#!/bin/sh\n${script}\n` });
  chmodSync(join(folder, name), 0o755);
}

/** An apt-get that writes down its calls, and whether services are held back meanwhile, and then does its work. */
function writeAptGet(work: string): void {
  writeProgram(
    'apt-get',
    `echo "$@ policy=$(test -x ${folder}/policy && echo yes) $DEBIAN_FRONTEND" >> ${folder}/calls\n${work}`,
  );
}

function install(isRoot = true): boolean {
  return installTestTools({
    tools,
    isRoot,
    env: { PATH: `${folder}:/usr/bin:/bin` },
    policyFile: join(folder, 'policy'),
    python: join(folder, 'python'),
    log: (line) => lines.push(line),
  });
}

const complete = 'for tool in forge temper python; do cp /bin/true "$(dirname "$0")/$tool"; done';

describe('installTestTools', () => {
  it('does nothing, and says nothing, where everything is there', () => {
    for (const name of ['forge', 'temper', 'python']) writeProgram(name, 'exit 0');
    writeAptGet('exit 1');
    expect(install(false)).toBe(true);
    expect(lines).toEqual([]);
    expect(existsSync(join(folder, 'calls'))).toBe(false);
  });

  it('installs each missing package once, says why, and holds services back only meanwhile', () => {
    writeAptGet(complete);
    expect(install()).toBe(true);
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe(
      'install --yes --no-install-recommends anvil python3-anvil policy=yes noninteractive\n',
    );
    expect(lines).toEqual([
      'Installing anvil for forge: to forge',
      'Installing anvil for temper: to temper',
      'Installing python3-anvil for python module anvil: to read',
    ]);
    expect(existsSync(join(folder, 'policy'))).toBe(false);
  });

  it('leaves the policy of the machine as it is', () => {
    writeProgram('policy', 'exit 42');
    writeAptGet(complete);
    expect(install()).toBe(true);
    expect(readFileSync(join(folder, 'policy'), 'utf8')).toContain('exit 42');
  });

  it('updates the lists only when a package is not found', () => {
    writeAptGet(
      `case "$1" in update) touch ${folder}/updated;; *) test -e ${folder}/updated || exit 100; ${complete};; esac`,
    );
    expect(install()).toBe(true);
    const calls = readFileSync(join(folder, 'calls'), 'utf8').split('\n');
    expect(calls.map((call) => call.split(' ', 1)[0])).toEqual(['install', 'update', 'install', '']);
  });

  it('finds a program outside the PATH by a pattern, and names the pattern where there is none', () => {
    const pattern = join(folder, '*', 'bin', 'hammer');
    const tool: TestTool = { debianPackage: 'anvil', why: 'to hit', probe: { kind: 'file', pattern } };
    const look = (): boolean =>
      installTestTools({ tools: [tool], isRoot: false, env: {}, log: (line) => lines.push(line) });
    expect(look()).toBe(false);
    expect(lines[1]).toBe(`  ${pattern} (Debian package anvil): to hit`);
    writeFiles(folder, { '15/bin/hammer': '' });
    expect(look()).toBe(true);
  });

  it('names every missing thing where it may not install', () => {
    writeProgram('forge', 'exit 0');
    expect(install(false)).toBe(false);
    expect(lines).toEqual([
      'Not everything that the tests need is there, and only root can install it:',
      '  temper (Debian package anvil): to temper',
      '  python module anvil (Debian package python3-anvil): to read',
      'On Debian or Ubuntu, as root: apt-get install --no-install-recommends anvil python3-anvil',
    ]);
  });

  it('fails when apt-get fails, and when its package does not bring the tool', () => {
    writeAptGet('exit 100');
    expect(install()).toBe(false);
    expect(lines.at(-5)).toContain('and apt-get failed');
    writeAptGet('exit 0');
    expect(install()).toBe(false);
    expect(lines.at(-5)).toContain('its package does not bring it');
    expect(existsSync(join(folder, 'policy'))).toBe(false);
  });
});
