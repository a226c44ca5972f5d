import type { Express } from 'express';

/** A layer of Express's router, as far as it tells where another router is mounted. */
interface Layer {
  readonly rawPath?: unknown;
  readonly handle?: { readonly stack?: readonly Layer[] };
  readonly route?: unknown;
}

interface MountedApp {
  readonly mountpath?: string | readonly string[];
  readonly parent?: MountedApp;
  readonly router?: { readonly stack?: readonly Layer[] };
}

/** The pattern of a base URL that no pattern could be found for. */
const UNKNOWN_MOUNT = '/*';

/**
 * Turns `request.baseUrl`, which is what the client sent, into the pattern that a router is mounted at. The patterns
 * are read from the routers when a base URL is met that fits none of those known.
 */
export function createMountPatterns(root: Express): (app: Express, baseUrl: string) => string {
  const known = new Map<object, readonly string[]>();
  return (app, baseUrl) => {
    if (baseUrl === '') return '';
    const found = find(known.get(app) ?? [], baseUrl);
    if (found !== undefined) return found;
    const patterns = listMounts(app as unknown as MountedApp, root as unknown as MountedApp);
    known.set(app, patterns);
    return find(patterns, baseUrl) ?? UNKNOWN_MOUNT;
  };
}

function find(patterns: readonly string[], baseUrl: string): string | undefined {
  if (patterns.includes(baseUrl)) return baseUrl;
  const segments = baseUrl.split('/');
  return patterns.find((pattern) => fits(pattern.split('/'), segments));
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return pattern.some((part) => /[*{(]/.test(part));
  return pattern.every(
    (part, index) => /[:*{(]/.test(part) || part.toLowerCase() === segments[index]?.toLowerCase(),
  );
}

function listMounts(app: MountedApp, root: MountedApp): readonly string[] {
  const prefixes = prefixesOf(app, root);
  return [...prefixes, ...prefixes.flatMap((prefix) => listRouters(app.router?.stack ?? [], prefix))];
}

/** Where a mounted application stands, seen from the observed one. */
function prefixesOf(app: MountedApp, root: MountedApp): readonly string[] {
  if (app === root || app.parent === undefined) return [''];
  const paths = [app.mountpath ?? ''].flat();
  const above = listMounts(app.parent, root);
  return above.flatMap((prefix) => paths.map((path) => join(prefix, path)));
}

function listRouters(stack: readonly Layer[], prefix: string): readonly string[] {
  return stack.flatMap((layer) => {
    const inner = layer.handle?.stack;
    if (layer.route !== undefined || inner === undefined) return [];
    const patterns = [layer.rawPath]
      .flat()
      .map((path) => (path === undefined ? UNKNOWN_MOUNT : String(path)));
    return patterns.flatMap((pattern) => {
      const full = join(prefix, pattern);
      return [full, ...listRouters(inner, full)];
    });
  });
}

function join(prefix: string, path: string): string {
  return `${prefix}${path}`.replace(/\/+$/, '').replace(/\/{2,}/g, '/');
}
