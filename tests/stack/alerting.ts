import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, repositoryRoot, startProcess, temporaryFolder } from '@gatewayz/testkit';
import { type AlertReceiver, startAlertReceiver } from './alert-receiver.ts';
import { createPrometheusClient, type PrometheusClient } from './prometheus-client.ts';
import { replacePlaces, shorten } from './shorten.ts';

const DEPLOYED = join(repositoryRoot, 'observability');

/** One scraped process, by `host:port` and the environment that it stands for. */
export interface AlertingTarget {
  readonly address: string;
  readonly env: string;
}

export interface AlertingOptions {
  readonly gateways: readonly AlertingTarget[];
  readonly healthServices: readonly AlertingTarget[];
  /** `host:port` of what plays Tempo. */
  readonly tempo: string;
  readonly metricsToken: string;
}

/** A real Prometheus and a real Alertmanager on the deployed files, shortened, and who they tell. */
export interface Alerting extends AsyncDisposable {
  readonly receiver: AlertReceiver;
  readonly prometheus: PrometheusClient;
}

/** A real Alertmanager on the deployed files, started by the deployed script. */
export interface RunningAlertmanager extends AsyncDisposable {
  readonly url: string;
}

interface RunningPrometheus extends AsyncDisposable {
  readonly client: PrometheusClient;
}

function toTargets(targets: readonly AlertingTarget[]): string {
  return JSON.stringify(targets.map(({ address, env }) => ({ targets: [address], labels: { env } })));
}

/** Starts `prometheus-alertmanager`, as Debian names it, with its durations shortened. */
export async function startAlertmanager(webhookUrl: string): Promise<RunningAlertmanager> {
  const [folder, port] = await Promise.all([temporaryFolder('gatewayz-alertmanager-'), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const deployed = await readFile(join(DEPLOYED, 'alertmanager/alertmanager.yml'), 'utf8');
  const written = join(folder.path, 'written');
  await mkdir(written);
  await folder.write('alertmanager.yml', shorten(deployed));
  const running = await startProcess({
    command: 'sh',
    args: [
      join(DEPLOYED, 'alertmanager/start.sh'),
      folder.path,
      written,
      `--storage.path=${join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    env: { ALERT_WEBHOOK_URL: webhookUrl, ALERTMANAGER: 'prometheus-alertmanager' },
    cwd: folder.path,
    readyWhen: `${url}/-/ready`,
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      await running.stop();
      await folder.dispose();
    },
  };
}

/** Everything but the rules. */
async function writePrometheusFolder(
  path: string,
  options: AlertingOptions,
  places: Readonly<Record<string, string>>,
): Promise<void> {
  const deployed = join(DEPLOYED, 'prometheus');
  await mkdir(join(path, 'targets'));
  await writeFile(join(path, 'targets/production.yml'), toTargets(options.gateways));
  await cp(join(deployed, 'targets/staging.yml'), join(path, 'targets/staging.yml'));
  await writeFile(join(path, 'targets/health-service.yml'), toTargets(options.healthServices));
  await writeFile(join(path, 'metrics_token'), options.metricsToken);
  const text = shorten(await readFile(join(deployed, 'prometheus.yml'), 'utf8'));
  // All the time that there is: on a busy machine an answer is late, and nothing is down.
  const patient = text.replace(/(scrape_interval: )(\w+)(\s+scrape_timeout: )\w+/, '$1$2$3$2');
  await writeFile(join(path, 'prometheus.yml'), replacePlaces(patient, places));
}

async function writeRules(path: string): Promise<void> {
  const deployed = join(DEPLOYED, 'prometheus/rules');
  await mkdir(path);
  for (const name of await readdir(deployed)) {
    await writeFile(join(path, name), shorten(await readFile(join(deployed, name), 'utf8')));
  }
}

/** Starts `prometheus` and resolves when every target has been scraped; it has no rules yet. */
async function startPrometheusServer(
  path: string,
  options: AlertingOptions,
  alertmanagerUrl: string,
): Promise<RunningPrometheus> {
  const address = `127.0.0.1:${await freePort()}`;
  await writePrometheusFolder(path, options, {
    'alertmanager:9093': alertmanagerUrl.replace('http://', ''),
    'tempo:3200': options.tempo,
    'localhost:9090': address,
    '/run/secrets/metrics_token': join(path, 'metrics_token'),
  });
  const running = await startProcess({
    command: 'prometheus',
    args: [
      `--config.file=${join(path, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(path, 'data')}`,
      `--web.listen-address=${address}`,
      '--web.enable-lifecycle',
    ],
    cwd: path,
    readyWhen: `http://${address}/-/ready`,
  });
  try {
    const client = createPrometheusClient(`http://${address}`);
    // Besides those of the files of targets, Tempo and Prometheus itself.
    const count = options.gateways.length + options.healthServices.length + 2;
    await client.waitUntil('count(up == 1)', (up) => up === count);
    return { client, [Symbol.asyncDispose]: async () => void (await running.stop()) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * Prometheus looks for targets and Alertmanagers every 5 s, which nothing shortens. Rules that it had from its start would
 * find everything down for longer than a shortened `for`; what fires before it knows an Alertmanager is told to nobody.
 */
async function addRules(path: string, { client }: RunningPrometheus): Promise<void> {
  await writeRules(join(path, 'rules'));
  const reloaded = await fetch(`${client.url}/-/reload`, { method: 'POST' });
  if (!reloaded.ok) throw new Error(`Prometheus refused the rules: ${await reloaded.text()}`);
  await client.waitForAlertmanager();
}

/** Starts both with a receiver; resolves when they have seen every target and each other. */
export async function startAlerting(options: AlertingOptions): Promise<Alerting> {
  const closers = new AsyncDisposableStack();
  try {
    const receiver = closers.use(await startAlertReceiver());
    const alertmanager = closers.use(await startAlertmanager(receiver.url));
    const folder = closers.use(await temporaryFolder('gatewayz-prometheus-'));
    const prometheus = closers.use(await startPrometheusServer(folder.path, options, alertmanager.url));
    await addRules(folder.path, prometheus);
    return {
      receiver,
      prometheus: prometheus.client,
      [Symbol.asyncDispose]: () => closers.disposeAsync(),
    };
  } catch (error) {
    await closers.disposeAsync();
    throw error;
  }
}
