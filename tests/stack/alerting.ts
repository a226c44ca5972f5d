import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, repositoryRoot, startProcess, temporaryFolder } from '@gatewayz/testkit';
import { type AlertReceiver, startAlertReceiver } from './alert-receiver.ts';
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
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
}

/** A real Alertmanager on the deployed files, started by the deployed script. */
export interface RunningAlertmanager extends AsyncDisposable {
  readonly url: string;
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

async function writePrometheusFolder(
  path: string,
  options: AlertingOptions,
  places: Readonly<Record<string, string>>,
): Promise<void> {
  const deployed = join(DEPLOYED, 'prometheus');
  await cp(join(deployed, 'rules'), join(path, 'rules'), { recursive: true });
  for (const name of await readdir(join(path, 'rules'))) {
    const file = join(path, 'rules', name);
    await writeFile(file, shorten(await readFile(file, 'utf8')));
  }
  await mkdir(join(path, 'targets'));
  await writeFile(join(path, 'targets/production.yml'), toTargets(options.gateways));
  await cp(join(deployed, 'targets/staging.yml'), join(path, 'targets/staging.yml'));
  await writeFile(join(path, 'targets/health-service.yml'), toTargets(options.healthServices));
  await writeFile(join(path, 'metrics_token'), options.metricsToken);
  const text = await readFile(join(deployed, 'prometheus.yml'), 'utf8');
  await writeFile(join(path, 'prometheus.yml'), replacePlaces(shorten(text), places));
}

/** Starts both with a receiver, and everything that is to be scraped in the files of targets. */
export async function startAlerting(options: AlertingOptions): Promise<Alerting> {
  const closers = new AsyncDisposableStack();
  try {
    const receiver = closers.use(await startAlertReceiver());
    const alertmanager = closers.use(await startAlertmanager(receiver.url));
    const folder = closers.use(await temporaryFolder('gatewayz-prometheus-'));
    const address = `127.0.0.1:${await freePort()}`;
    await writePrometheusFolder(folder.path, options, {
      'alertmanager:9093': alertmanager.url.replace('http://', ''),
      'tempo:3200': options.tempo,
      'localhost:9090': address,
      '/run/secrets/metrics_token': join(folder.path, 'metrics_token'),
    });
    closers.use(
      await startProcess({
        command: 'prometheus',
        args: [
          `--config.file=${join(folder.path, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder.path, 'data')}`,
          `--web.listen-address=${address}`,
        ],
        cwd: folder.path,
        readyWhen: `http://${address}/-/ready`,
      }),
    );
    return {
      receiver,
      prometheusUrl: `http://${address}`,
      alertmanagerUrl: alertmanager.url,
      [Symbol.asyncDispose]: () => closers.disposeAsync(),
    };
  } catch (error) {
    await closers.disposeAsync();
    throw error;
  }
}
