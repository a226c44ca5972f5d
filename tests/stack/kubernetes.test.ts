import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { MANIFEST, toPrometheusRule } from '../../scripts/stack/prometheus-rule.ts';
import { OBSERVABILITY, readYaml } from './rule-files.ts';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly envFrom: readonly { readonly secretRef: { readonly name: string } }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly startupProbe: Probe;
  readonly resources: { readonly requests: object; readonly limits: Readonly<Record<string, string>> };
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string }[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface PodSpec {
  readonly securityContext: object;
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
  readonly terminationGracePeriodSeconds: number;
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[];
}

const kustomization = readYaml('observability/kustomization.yaml') as Kustomization;
const manifests = kustomization.resources.flatMap((name) =>
  parseAllDocuments(readFileSync(join(OBSERVABILITY, name), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  }),
);
const ofKind = (kind: string): readonly Manifest[] => manifests.filter((one) => one.kind === kind);
const podOf = ({ spec }: Manifest): PodSpec => (spec.template as { readonly spec: PodSpec }).spec;
const selected = ({ spec }: Manifest): unknown =>
  (spec.selector as { readonly matchLabels: unknown }).matchLabels;

const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  Service: 'v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  ServiceMonitor: 'monitoring.coreos.com/v1',
  PrometheusRule: 'monitoring.coreos.com/v1',
};

test('every object is of a kind and version that is meant, and has a name of its own', () => {
  for (const { kind, apiVersion } of manifests)
    expect([kind, apiVersion]).toEqual([kind, API_VERSIONS[kind]]);
  const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(Object.keys(API_VERSIONS).filter((kind) => ofKind(kind).length === 0)).toEqual([]);
});

describe.each(ofKind('Deployment').map((manifest) => [manifest.metadata.name, manifest] as const))(
  'the deployment %s',
  (name, manifest) => {
    const pod = podOf(manifest);
    const [container] = pod.containers;

    test('selects its own pods, and has a service that does', () => {
      const labels = (manifest.spec.template as Manifest).metadata.labels ?? {};
      expect(labels).toMatchObject(selected(manifest) as object);
      const service = ofKind('Service').find(({ metadata }) => metadata.name === name);
      expect(labels).toMatchObject(service?.spec.selector as object);
      const [port] = (service?.spec.ports ?? []) as readonly {
        readonly port: number;
        readonly targetPort: string;
      }[];
      expect(container?.ports).toEqual([{ name: port?.targetPort, containerPort: port?.port }]);
    });

    test('runs a pinned image without root on a file system that is not written to', () => {
      expect(container?.image).toMatch(/^gatewayz\/[a-z-]+:\d+\.\d+\.\d+$/);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container?.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container?.resources.limits.memory).toMatch(/^\d+(?:Mi|Gi)$/);
      expect(Object.keys(container?.resources.requests ?? {})).toEqual(['cpu', 'memory']);
    });

    test('is probed where it answers', () => {
      const paths = [container?.readinessProbe, container?.livenessProbe, container?.startupProbe].map(
        (probe) => probe?.httpGet.path,
      );
      const gateway = ['/health/ready', '/health/live', '/health/live'];
      expect(paths).toEqual(name === 'gatewayz-gateway' ? gateway : ['/health', '/health', '/health']);
    });

    test('mounts what it has, and reads variables that exist', () => {
      const volumes = pod.volumes.map((volume) => volume.name);
      expect(container?.volumeMounts.map((mount) => mount.name)).toEqual(volumes);
      const example = readFileSync(join(repositoryRoot, '.env.example'), 'utf8');
      for (const { name: variable } of container?.env ?? [])
        expect(example).toMatch(new RegExp(`^#${variable}=`, 'm'));
      expect(container?.envFrom).toEqual([{ secretRef: { name: 'gatewayz' } }]);
    });
  },
);

test('the budget and the autoscaler are the gateway’s', () => {
  const [gateway] = ofKind('Deployment').filter(({ metadata }) => metadata.name === 'gatewayz-gateway');
  const [budget] = ofKind('PodDisruptionBudget');
  expect(budget === undefined || gateway === undefined ? null : selected(budget)).toEqual(
    gateway === undefined ? undefined : selected(gateway),
  );
  const [scaler] = ofKind('HorizontalPodAutoscaler');
  expect(scaler?.spec).toMatchObject({
    scaleTargetRef: { kind: 'Deployment', name: 'gatewayz-gateway' },
    metrics: [{ type: 'Pods', pods: { metric: { name: 'fastapi_requests_in_progress' } } }],
  });
});

test('a gateway does not start without the database and the pepper that all of them share', () => {
  const [gateway] = ofKind('Deployment').filter(({ metadata }) => metadata.name === 'gatewayz-gateway');
  const env = gateway === undefined ? [] : (podOf(gateway).containers[0]?.env ?? []);
  for (const key of ['DATABASE_URL', 'GATEWAYZ_KEY_PEPPER']) {
    expect(env).toContainEqual({ name: key, valueFrom: { secretKeyRef: { name: 'gatewayz', key } } });
  }
});

test('a pod has the time that the gateway takes to drain', () => {
  const [gateway] = ofKind('Deployment').filter(({ metadata }) => metadata.name === 'gatewayz-gateway');
  // server.drainDelayMs and server.drainDeadlineMs, as docs/configuration.md has them, and the end of workers.
  expect(gateway === undefined ? 0 : podOf(gateway).terminationGracePeriodSeconds).toBeGreaterThan(
    0.5 + 30 + 10,
  );
});

test('what is scraped has the jobs that rules and dashboards name', () => {
  const jobs = ofKind('ServiceMonitor').map(({ spec }) => {
    const [endpoint] = spec.endpoints as readonly {
      readonly interval: string;
      readonly relabelings: readonly { readonly targetLabel: string; readonly replacement: string }[];
    }[];
    return [
      endpoint?.interval,
      ...(endpoint?.relabelings ?? []).map((one) => `${one.targetLabel}=${one.replacement}`),
    ];
  });
  expect(jobs).toEqual([
    ['15s', 'job=gatewayz_production', 'env=production'],
    ['15s', 'job=health_service', 'env=production'],
  ]);
});

test('the rules are those of Prometheus: `node scripts/stack/write-prometheus-rule.ts` changes nothing', async () => {
  const text = readFileSync(join(repositoryRoot, MANIFEST), 'utf8');
  expect(text).toBe(await toPrometheusRule(repositoryRoot));
  const groups = (parse(text) as { readonly spec: { readonly groups: readonly { readonly name: string }[] } })
    .spec.groups;
  expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
});

test('every file that becomes a config map is there, every dashboard among them', () => {
  const files = kustomization.configMapGenerator.flatMap((map) => map.files);
  expect(files.filter((file) => !existsSync(join(OBSERVABILITY, file)))).toEqual([]);
  const dashboards = readdirSync(join(OBSERVABILITY, 'grafana/dashboards')).map(
    (name) => `grafana/dashboards/${name}`,
  );
  expect(files.filter((file) => file.startsWith('grafana/')).toSorted()).toEqual(dashboards.toSorted());
});
