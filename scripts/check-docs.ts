import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listRepositoryFiles } from './list-repository-files.ts';

/** A line of a file that must be changed. */
interface TextProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const maxTextBytes = 4 * 1024 * 1024;
const binaryExtension = /\.(?:png|jpe?g|gif|webp|ico|woff2?|gz|tgz|zip|db|pdf)$/i;
const rooms = 'apps|packages|docs|scripts|bench|tests|examples|observability|\\.ci';
const citedPath = new RegExp(`^(?:(?:${rooms})/[\\w./@-]+|[A-Z]+\\.md)$`);
const link = /\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const linkDefinition = /^\[[^\]]+\]:\s+(\S+)/;
const codeSpan = /`([^`]+)`/g;

const machinePath = /(?<![\w.:/-])\/(?:work|root)\//;
const registryUrl = /https?:\/\/(?:[^/\s@]*@)?([\w.-]*(?:registry|artifactory|nexus|verdaccio)[\w.-]*)/gi;
const publicRegistries: ReadonlySet<string> = new Set(['registry.npmjs.org', 'registry.terraform.io']);

/** The lines of a Markdown text with fenced blocks emptied, so that numbers stay right. */
function readProse(text: string): readonly string[] {
  let fence: string | null = null;
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1] ?? null;
    const isInside = fence !== null;
    if (fence === null) fence = mark;
    else if (mark?.startsWith(fence)) fence = null;
    return isInside || mark !== null ? '' : line;
  });
}

function isExternal(target: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|#|\/\/)/i.test(target);
}

function readTargets(line: string): readonly string[] {
  const withoutCode = line.replace(codeSpan, '');
  const targets = [...withoutCode.matchAll(link)].map((match) => match[1] ?? '');
  const definition = linkDefinition.exec(withoutCode)?.[1];
  return [...targets, ...(definition === undefined ? [] : [definition])].filter(
    (target) => !isExternal(target),
  );
}

function resolveTarget(root: string, file: string, target: string): string {
  const path = decodeURI(target.split(/[?#]/, 1)[0] ?? '');
  return path.startsWith('/') ? join(root, path) : join(root, dirname(file), path);
}

/** Finds relative links to, and paths in backquotes of, files that do not exist. */
function findDeadPaths(root: string, file: string, text: string): readonly TextProblem[] {
  return readProse(text).flatMap((line, index) => {
    const links = readTargets(line)
      .filter((target) => !existsSync(resolveTarget(root, file, target)))
      .map((target) => `dead link: ${target}`);
    const paths = [...line.matchAll(codeSpan)]
      .map((match) => match[1] ?? '')
      .filter((path) => citedPath.test(path) && !existsSync(join(root, path)))
      .map((path) => `no such path: ${path}`);
    return [...links, ...paths].map((message) => ({ file, line: index + 1, message }));
  });
}

/** Finds what must not leave the machine of its author: absolute paths of it, and hosts of private registries. */
function findPrivateNames(file: string, text: string): readonly TextProblem[] {
  return text.split('\n').flatMap((line, index) => {
    const messages: string[] = [];
    if (machinePath.test(line)) messages.push(`a path of one machine: ${line.trim().slice(0, 100)}`);
    for (const [, host] of line.matchAll(registryUrl)) {
      if (!publicRegistries.has(host?.toLowerCase() ?? '')) messages.push(`a private registry: ${host}`);
    }
    return messages.map((message) => ({ file, line: index + 1, message }));
  });
}

/** Checks every text file of the repository at `root`. */
function checkDocs(root: string): readonly TextProblem[] {
  return listRepositoryFiles(root).flatMap((file) => {
    if (binaryExtension.test(file) || statSync(join(root, file)).size > maxTextBytes) return [];
    const text = readFileSync(join(root, file), 'utf8');
    const dead = file.endsWith('.md') ? findDeadPaths(root, file, text) : [];
    return [...dead, ...findPrivateNames(file, text)];
  });
}

if (import.meta.main) {
  const problems = checkDocs(process.cwd());
  for (const { file, line, message } of problems) console.error(`${file}:${line}: ${message}`);
  if (problems.length > 0) process.exitCode = 1;
}
