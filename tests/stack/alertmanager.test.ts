import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startProcess, temporaryFolder } from '@gatewayz/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../command.ts';
import { type AlertReceiver, startAlertReceiver } from './alert-receiver.ts';
import { type RunningAlertmanager, startAlertmanager } from './alerting.ts';
import { alertRules, OBSERVABILITY } from './rule-files.ts';

const FOLDER = join(OBSERVABILITY, 'alertmanager');
const FILE = join(FOLDER, 'alertmanager.yml');

async function amtool(...args: readonly string[]): Promise<readonly [number | null, string]> {
  const { code, stdout, stderr } = await runCommand('amtool', args, '');
  return [code, `${stdout}${stderr}`];
}

interface Written {
  readonly receivers: readonly Readonly<Record<string, unknown>>[];
}

/** What the start script writes for an environment, and what it says. */
async function written(env: Readonly<Record<string, string>>): Promise<readonly [Written, string]> {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'written'));
  const running = await startProcess({
    command: 'sh',
    args: [join(FOLDER, 'start.sh'), FOLDER, join(folder.path, 'written')],
    env: { ...env, ALERTMANAGER: 'true' },
  });
  expect(await running.exit).toEqual({ code: 0, signal: null });
  const file = join(folder.path, 'written/alertmanager.yml');
  expect(await amtool('check-config', file)).toEqual([0, expect.stringContaining('SUCCESS')]);
  return [parse(await readFile(file, 'utf8')) as Written, running.stderr()];
}

test('amtool accepts the file as it is', async () => {
  expect(await amtool('check-config', FILE)).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test('amtool is able to refuse', async () => {
  await using folder = await temporaryFolder();
  const text = (await readFile(FILE, 'utf8')).replace('receiver: page', 'receiver: nobody');
  const [code] = await amtool('check-config', await folder.write('alertmanager.yml', text));
  expect(code).not.toBe(0);
});

test('without receivers in the environment it starts, and says that nobody is told', async () => {
  const [config, said] = await written({});
  expect(config.receivers).toEqual([{ name: 'page' }, { name: 'ticket' }]);
  expect(said).toContain('nobody is told of alerts');
});

test('a webhook and Slack are told of everything, PagerDuty of what is critical', async () => {
  const [config, said] = await written({
    ALERT_WEBHOOK_URL: "http://127.0.0.1:9/it's?a=1&b=#2",
    ALERT_SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/x',
    ALERT_PAGERDUTY_KEY: 'key: with "signs"',
  });
  expect(said).toBe('');
  const [page, ticket] = config.receivers;
  expect(page).toMatchObject({
    name: 'page',
    webhook_configs: [{ url: "http://127.0.0.1:9/it's?a=1&b=#2", send_resolved: true }],
    slack_configs: [{ api_url: 'https://hooks.slack.com/services/T/B/x', send_resolved: true }],
    pagerduty_configs: [{ routing_key: 'key: with "signs"', send_resolved: true }],
  });
  expect(Object.keys(ticket ?? {})).toEqual(['name', 'webhook_configs', 'slack_configs']);
});

const routed = new Map(
  alertRules.map(({ alert, labels }) => [`${alert} ${labels.severity}`, { alert, labels }]),
);

test.each([...routed.values()])(
  '$alert ($labels.severity) goes where its severity says',
  async ({ alert, labels }) => {
    const all = { alertname: alert, env: 'production', ...labels };
    const matchers = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    const expected = labels.severity === 'critical' ? 'page' : 'ticket';
    const args = ['config', 'routes', 'test', `--config.file=${FILE}`, ...matchers];
    const { code, stdout } = await runCommand('amtool', args, '');
    expect([code, stdout.trim()]).toEqual([0, expected]);
  },
);

type Labels = Readonly<Record<string, string>>;

let receiver: AlertReceiver;
let alertmanager: RunningAlertmanager;

/** Each pair in an environment of its own: what speaks, and what must be silent meanwhile. */
const SILENCED: readonly (readonly [source: Labels, target: Labels])[] = [
  [{ alertname: 'ApiDown' }, { alertname: 'ProviderDown', provider: 'groq' }],
  [{ alertname: 'ApiDown' }, { alertname: 'NoHealthyTarget', model: 'large' }],
  [{ alertname: 'ApiDown' }, { alertname: 'HealthServiceDown' }],
  [{ alertname: 'ApiDown' }, { alertname: 'AvailabilityBudgetBurn', severity: 'critical' }],
  [
    { alertname: 'RestartLoop', instance: 'a:8000' },
    { alertname: 'GatewayInstanceDown', instance: 'a:8000' },
  ],
  [
    { alertname: 'ProviderDown', provider: 'groq' },
    { alertname: 'ProviderDegraded', provider: 'groq' },
  ],
  [
    { alertname: 'ProviderDown', provider: 'groq' },
    { alertname: 'CircuitBreakerOpen', provider: 'groq' },
  ],
  [
    { alertname: 'CircuitBreakerOpen', provider: 'groq' },
    { alertname: 'ModelCircuitBreakerOpen', model: 'large', provider: 'groq' },
  ],
  [
    { alertname: 'NoHealthyTarget', model: 'large' },
    { alertname: 'ModelCircuitBreakerOpen', model: 'large', provider: 'groq' },
  ],
  [{ alertname: 'AvailabilityBudgetBurn', severity: 'critical' }, { alertname: 'HighErrorRate' }],
  [{ alertname: 'LatencyBudgetBurn', severity: 'critical' }, { alertname: 'FirstTokenLatencyHigh' }],
  [{ alertname: 'HealthServiceDown' }, { alertname: 'HealthDataStale' }],
  [{ alertname: 'HealthServiceDown' }, { alertname: 'HealthDataMissing' }],
  [{ alertname: 'HealthDataStale' }, { alertname: 'HealthDataMissing' }],
  [{ alertname: 'DatabaseDown' }, { alertname: 'CreditLedgerBacklog' }],
];

/** Pairs that have nothing to do with each other: both speak. */
const NOT_SILENCED: readonly (readonly [source: Labels, target: Labels])[] = [
  [{ alertname: 'ApiDown' }, { alertname: 'RestartLoop', instance: 'a:8000' }],
  [{ alertname: 'ApiDown' }, { alertname: 'DatabaseDown' }],
  [
    { alertname: 'ProviderDown', provider: 'groq' },
    { alertname: 'ProviderDegraded', provider: 'cerebras' },
  ],
  [
    { alertname: 'NoHealthyTarget', model: 'large' },
    { alertname: 'ModelCircuitBreakerOpen', model: 'small', provider: 'groq' },
  ],
];

/** With the labels that the rule gives it. */
function complete(labels: Labels, env: string): Labels {
  const rule = alertRules.find(
    (each) =>
      each.alert === labels.alertname &&
      (labels.severity === undefined || each.labels.severity === labels.severity),
  );
  if (rule === undefined) throw new Error(`there is no alert ${labels.alertname}`);
  return { ...rule.labels, ...labels, env };
}

async function send(...alerts: readonly Labels[]): Promise<void> {
  const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels, annotations: {} }))),
  });
  expect(response.status).toBe(200);
}

const envOf = (kind: string, index: number): string => `${kind}-${index}`;
/** Longer than any `group_wait`, shortened. */
const SETTLED_MS = 6000;

beforeAll(async () => {
  receiver = await startAlertReceiver();
  alertmanager = await startAlertmanager(receiver.url);
  // Those of another environment than their source's: nobody silences them.
  const strangers = SILENCED.map(([, target], index) => complete(target, envOf('stranger', index)));
  const pairs = (kind: string, list: typeof SILENCED): readonly Labels[] =>
    list.flatMap((pair, index) => pair.map((labels) => complete(labels, envOf(kind, index))));
  await send(...pairs('silenced', SILENCED), ...pairs('not', NOT_SILENCED), ...strangers);
  await wait(SETTLED_MS);
}, 30_000);

afterAll(async () => {
  await alertmanager[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const toldOf = (env: string): readonly (string | undefined)[] =>
  receiver.notices.filter(({ labels }) => labels.env === env).map(({ labels }) => labels.alertname);

test.each(SILENCED.map(([source, target], index) => [source.alertname, target.alertname, index] as const))(
  'while %s is told, %s is not, but in another environment',
  (source, target, index) => {
    expect(toldOf(envOf('silenced', index))).toEqual([source]);
    expect(toldOf(envOf('stranger', index))).toEqual([target]);
  },
);

test.each(
  NOT_SILENCED.map(([source, target], index) => [source.alertname, target.alertname, index] as const),
)('%s and %s of something else are both told', (source, target, index) => {
  expect([...toldOf(envOf('not', index))].toSorted()).toEqual([source, target].toSorted());
});

test('every inhibition is proved by a pair', async () => {
  const { inhibit_rules } = parse(await readFile(FILE, 'utf8')) as {
    readonly inhibit_rules: readonly { readonly source_matchers: readonly string[] }[];
  };
  const sources = inhibit_rules.map(
    ({ source_matchers }) => /alertname = (\w+)/.exec(source_matchers[0] ?? '')?.[1],
  );
  const proved = new Set(SILENCED.map(([{ alertname }]) => alertname));
  expect(sources.filter((source) => !proved.has(source))).toEqual([]);
});
