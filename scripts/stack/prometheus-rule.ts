import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

interface RuleFile {
  readonly groups: readonly unknown[];
}

const RULE_FILES = ['recording.yml', 'slo.yml', 'alerts.yml'];
const HEAD = '# Made by `node scripts/stack/write-prometheus-rule.ts` from observability/prometheus/rules.\n';

/** Where the manifest lies, below the root of the repository. */
export const MANIFEST = 'observability/kubernetes/prometheus-rule.yaml';

/** The rules of Prometheus as one object for its Kubernetes operator, as YAML. */
export async function toPrometheusRule(root: string): Promise<string> {
  const folder = join(root, 'observability/prometheus/rules');
  const files = await Promise.all(RULE_FILES.map((name) => readFile(join(folder, name), 'utf8')));
  const manifest = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'gatewayz', labels: { 'app.kubernetes.io/part-of': 'gatewayz' } },
    spec: { groups: files.flatMap((text) => (parse(text) as RuleFile).groups) },
  };
  return `${HEAD}${stringify(manifest, { lineWidth: 0 })}`;
}
