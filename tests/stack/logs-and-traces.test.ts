import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOKI_LIMITS, repositoryRoot } from '@gatewayz/testkit';
import { parser } from '@grafana/lezer-logql';
import { expect, test } from 'vitest';
import { readYaml } from './rule-files.ts';

const BYTES: Readonly<Record<string, number>> = { KB: 1024, MB: 1_048_576 };

function toBytes(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(KB|MB)$/.exec(text) ?? [];
  return Number(count) * (BYTES[unit] ?? Number.NaN);
}

function isLogql(expression: string): boolean {
  let isRight = true;
  parser.parse(expression).iterate({
    enter: ({ type }) => {
      if (type.isError) isRight = false;
    },
  });
  return isRight;
}

interface Loki {
  readonly limits_config: Readonly<Record<string, string | number | boolean>>;
  readonly schema_config: { readonly configs: readonly Readonly<Record<string, unknown>>[] };
  readonly compactor: Readonly<Record<string, unknown>>;
  readonly ruler: {
    readonly storage: { readonly local: { readonly directory: string } };
    readonly remote_write: {
      readonly enabled: boolean;
      readonly clients: Readonly<Record<string, { readonly url: string }>>;
    };
  };
}

const loki = readYaml('observability/loki/loki.yaml') as Loki;

test('Loki takes at least what the logs were tested with', () => {
  const { limits_config: limits } = loki;
  expect(limits.allow_structured_metadata).toBe(LOKI_LIMITS.allowsMetadata);
  expect(limits.max_label_names_per_series).toBe(LOKI_LIMITS.maxLabelNames);
  expect(toBytes(String(limits.max_line_size))).toBe(LOKI_LIMITS.maxLineBytes);
  expect(Number.parseInt(String(limits.reject_old_samples_max_age), 10) * 3_600_000).toBe(
    LOKI_LIMITS.maxAgeMs,
  );
});

test('Loki forgets after its retention, with an index that knows structured metadata', () => {
  expect(loki.compactor).toMatchObject({ retention_enabled: true, delete_request_store: 'filesystem' });
  expect(loki.schema_config.configs).toMatchObject([{ store: 'tsdb', schema: 'v13' }]);
});

interface LokiRules {
  readonly groups: readonly {
    readonly rules: readonly { readonly record: string; readonly expr: string }[];
  }[];
}

const rules = (readYaml('observability/loki/rules/fake/gatewayz.yml') as LokiRules).groups.flatMap(
  (group) => group.rules,
);

test.each(rules)('$record is LogQL', ({ expr }) => {
  expect(isLogql(expr)).toBe(true);
});

test('what is no LogQL is found', () => {
  expect(isLogql('sum by (env (count_over_time({app="x"}[5m]))')).toBe(false);
});

test('errors are recorded by type, by provider and by model', () => {
  expect(rules.map(({ record }) => record)).toEqual(
    expect.arrayContaining([
      'logs:errors_by_type:count5m',
      'logs:errors_by_provider:count5m',
      'logs:errors_by_model:count5m',
    ]),
  );
});

test('rules name only what the logs have as labels or as metadata', () => {
  const sources = [
    'packages/telemetry/src/logs/loki/stream-labels.ts',
    'packages/telemetry/src/logs/loki-sink.ts',
  ];
  const text = sources.map((path) => readFileSync(join(repositoryRoot, path), 'utf8')).join('');
  for (const { expr } of rules) {
    const grouped = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? [];
    for (const label of grouped) expect([label, text.includes(label)]).toEqual([label, true]);
  }
});

interface Tempo {
  readonly distributor: {
    readonly receivers: {
      readonly otlp: { readonly protocols: Readonly<Record<string, { readonly endpoint: string }>> };
    };
  };
  readonly metrics_generator: {
    readonly storage: {
      readonly remote_write: readonly { readonly url: string; readonly send_exemplars: boolean }[];
    };
    readonly processor: { readonly span_metrics: { readonly dimensions: readonly string[] } };
  };
  readonly overrides: {
    readonly defaults: { readonly metrics_generator: { readonly processors: readonly string[] } };
  };
}

const tempo = readYaml('observability/tempo/tempo.yaml') as Tempo;

test('Tempo listens where the gateway sends, and makes metrics of the attributes that the spans have', () => {
  const { protocols } = tempo.distributor.receivers.otlp;
  expect([protocols.http?.endpoint, protocols.grpc?.endpoint]).toEqual(['0.0.0.0:4318', '0.0.0.0:4317']);
  expect(tempo.overrides.defaults.metrics_generator.processors).toEqual(
    expect.arrayContaining(['service-graphs', 'span-metrics']),
  );
  const names = readFileSync(
    join(repositoryRoot, 'packages/telemetry/src/traces/gen-ai-attributes.ts'),
    'utf8',
  );
  const { dimensions } = tempo.metrics_generator.processor.span_metrics;
  for (const name of dimensions.filter((each) => each.startsWith('gen_ai.')))
    expect(names).toContain(`'${name}'`);
});

test('Loki and Tempo write to the Prometheus of the stack, which takes it', () => {
  const { command } = (
    readYaml('observability/compose.yaml') as {
      readonly services: Readonly<Record<string, { readonly command: readonly string[] }>>;
    }
  ).services.prometheus ?? { command: [] };
  expect(command).toContain('--web.enable-remote-write-receiver');
  const url = 'http://prometheus:9090/api/v1/write';
  expect(loki.ruler.remote_write).toMatchObject({ enabled: true, clients: { prometheus: { url } } });
  expect(tempo.metrics_generator.storage.remote_write).toEqual([{ url, send_exemplars: true }]);
});
