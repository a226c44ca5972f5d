/** How to see whether a tool is there. */
export type ToolProbe =
  | { readonly kind: 'binary'; readonly binary: string }
  /** A program outside the PATH, in a folder that has a version in its name. */
  | { readonly kind: 'file'; readonly pattern: string }
  /** Asked of Debian's own Python, whatever `python3` is first in the path. */
  | { readonly kind: 'python-module'; readonly module: string };

/** Something that the tests need and that npm does not bring. */
export interface TestTool {
  readonly debianPackage: string;
  readonly why: string;
  readonly probe: ToolProbe;
  /** The service that the package would start and keep; it is switched off after the installation. */
  readonly service?: string;
}

/** Every tool that the tests need. */
export const testTools: readonly TestTool[] = [
  {
    debianPackage: 'prometheus',
    why: 'promtool checks the live scrape',
    probe: { kind: 'binary', binary: 'promtool' },
    service: 'prometheus',
  },
  {
    debianPackage: 'prometheus',
    why: 'a real Prometheus scrapes the gateway and answers queries',
    probe: { kind: 'binary', binary: 'prometheus' },
    service: 'prometheus',
  },
  {
    debianPackage: 'prometheus-alertmanager',
    why: 'a real Alertmanager routes, silences and tells of the alerts',
    probe: { kind: 'binary', binary: 'prometheus-alertmanager' },
    service: 'prometheus-alertmanager',
  },
  {
    debianPackage: 'prometheus-alertmanager',
    why: 'amtool checks the configuration and the routes',
    probe: { kind: 'binary', binary: 'amtool' },
    service: 'prometheus-alertmanager',
  },
  {
    debianPackage: 'python3-prometheus-client',
    why: 'its strict OpenMetrics parser reads the exposition',
    probe: { kind: 'python-module', module: 'prometheus_client' },
  },
  {
    debianPackage: 'redis-server',
    why: 'locks and snapshots are tested on a real Redis that stalls and dies',
    probe: { kind: 'binary', binary: 'redis-server' },
    service: 'redis-server',
  },
  {
    debianPackage: 'postgresql',
    why: 'the stores pass the same tests on a real Postgres as on SQLite',
    probe: { kind: 'file', pattern: '/usr/lib/postgresql/*/bin/postgres' },
    service: 'postgresql',
  },
  {
    debianPackage: 'curl',
    why: 'the commands that the README and the start print are run as they are',
    probe: { kind: 'binary', binary: 'curl' },
  },
  {
    debianPackage: 'openssl',
    why: 'certificates that have run out or bear a wrong name are made for the TLS faults',
    probe: { kind: 'binary', binary: 'openssl' },
  },
];
