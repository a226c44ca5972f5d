import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TestTool, type ToolProbe, testTools } from './test-tools.ts';

export interface InstallOptions {
  readonly tools?: readonly TestTool[];
  /** Where programs are looked for, and what the commands run with. */
  readonly env?: NodeJS.ProcessEnv;
  readonly isRoot?: boolean;
  /** The file that Debian's packages ask whether they may start a service. */
  readonly policyFile?: string;
  readonly python?: string;
  readonly log?: (line: string) => void;
}

type Settings = Required<InstallOptions>;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hasBinary(binary: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, binary)));
}

function isPresent(probe: ToolProbe, { env, python }: Settings): boolean {
  switch (probe.kind) {
    case 'binary':
      return hasBinary(probe.binary, env);
    case 'file':
      return globSync(probe.pattern).length > 0;
    case 'python-module':
      return spawnSync(python, ['-c', `import ${probe.module}`], { env, stdio: 'ignore' }).status === 0;
    default:
      return probe satisfies never;
  }
}

function toName(probe: ToolProbe): string {
  switch (probe.kind) {
    case 'binary':
      return probe.binary;
    case 'file':
      return probe.pattern;
    case 'python-module':
      return `python module ${probe.module}`;
    default:
      return probe satisfies never;
  }
}

function runAptGet(args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', args, { env: quiet, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** Runs an action while Debian's packages are told to start no services. */
function withoutServices(policyFile: string, action: () => boolean): boolean {
  if (existsSync(policyFile)) return action();
  // An interrupt ends apt-get; this process stays until the policy is gone again.
  const stay = (): void => {};
  process.once('SIGINT', stay);
  writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return action();
  } finally {
    rmSync(policyFile, { force: true });
    process.off('SIGINT', stay);
  }
}

function disableService(service: string, env: NodeJS.ProcessEnv): void {
  if (existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['disable', '--now', service], { env, stdio: 'ignore' });
  }
}

function install(missing: readonly TestTool[], { env, policyFile }: Settings): boolean {
  const packages = [...new Set(missing.map((tool) => tool.debianPackage))];
  const args = ['install', '--yes', '--no-install-recommends', ...packages];
  const isInstalled = withoutServices(
    policyFile,
    () => runAptGet(args, env) || (runAptGet(['update'], env) && runAptGet(args, env)),
  );
  const services = new Set(missing.flatMap((tool) => tool.service ?? []));
  for (const service of services) disableService(service, env);
  return isInstalled;
}

function reportMissing(missing: readonly TestTool[], reason: string, log: Settings['log']): void {
  log(`Not everything that the tests need is there, and ${reason}:`);
  for (const tool of missing)
    log(`  ${toName(tool.probe)} (Debian package ${tool.debianPackage}): ${tool.why}`);
  const packages = new Set(missing.map((tool) => tool.debianPackage));
  log(`On Debian or Ubuntu, as root: apt-get install --no-install-recommends ${[...packages].join(' ')}`);
}

/**
 * Installs what is missing of the tools that the tests need, with `apt-get`; does nothing where all is there.
 * Returns whether everything is there at the end, and otherwise says what is not.
 */
export function installTestTools(options: InstallOptions = {}): boolean {
  const settings: Settings = {
    tools: testTools,
    env: process.env,
    isRoot: process.getuid?.() === 0,
    policyFile: '/usr/sbin/policy-rc.d',
    python: '/usr/bin/python3',
    log: console.log,
    ...options,
  };
  const { tools, env, isRoot, log } = settings;
  const missing = tools.filter((tool) => !isPresent(tool.probe, settings));
  if (missing.length === 0) return true;
  if (!hasBinary('apt-get', env) || !isRoot) {
    reportMissing(missing, isRoot ? 'there is no apt-get here' : 'only root can install it', log);
    return false;
  }
  for (const tool of missing) log(`Installing ${tool.debianPackage} for ${toName(tool.probe)}: ${tool.why}`);
  const isInstalled = install(missing, settings);
  const stillMissing = missing.filter((tool) => !isPresent(tool.probe, settings));
  if (stillMissing.length === 0) return true;
  reportMissing(stillMissing, isInstalled ? 'its package does not bring it' : 'apt-get failed', log);
  return false;
}

if (import.meta.main && !installTestTools()) process.exitCode = 1;
