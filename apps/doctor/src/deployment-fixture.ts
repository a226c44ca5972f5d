import {
  healthServiceCatalogue,
  httpCatalogue,
  inferenceCatalogue,
  providerCatalogue,
} from '@gatewayz/observability';
import type { Answer, Post } from './ask.ts';
import type { Deployment } from './deployment.ts';
import type { Place } from './place.ts';

/** What is asked for at one path, and what comes back. */
export type ScriptedAnswer = Partial<Extract<Answer, { kind: 'answered' }>> | { readonly why: string };

/** A deployment whose every answer is scripted, and what it was asked. */
export interface ScriptedDeployment extends Deployment {
  readonly asked: { readonly place: Place; readonly post: Post | undefined }[];
}

/** Unix seconds of every scripted answer. */
export const NOW_SECONDS = 1_900_000_000;

/** The answer of whoever answers at a URL; `null` is a 404. */
export type Script = (url: URL) => ScriptedAnswer | null;

/** A deployment with everything in it, less and with these settings. */
export function scriptedDeployment(script: Script, settings: Partial<Deployment> = {}): ScriptedDeployment {
  const place = (url: string): Place => ({ url, headers: {} });
  const asked: ScriptedDeployment['asked'] = [];
  return {
    gateway: place('http://gateway:8000/'),
    metrics: place('http://gateway:8000/metrics'),
    healthService: { kind: 'elsewhere', place: place('http://health:8001/') },
    pollIntervalMs: 30_000,
    prometheus: place('http://prometheus:9090/'),
    prometheusSelector: null,
    loki: place('http://loki:3100/'),
    otlpTraces: place('http://tempo:4318/v1/traces'),
    secrets: [],
    ...settings,
    asked,
    ask: async (target, post) => {
      asked.push({ place: target, post });
      const answer = script(new URL(target.url)) ?? { status: 404 };
      if ('why' in answer) return { kind: 'unanswered', why: answer.why };
      return { kind: 'answered', status: 200, text: '', dateMs: NOW_SECONDS * 1000, ...answer };
    },
  };
}

/** A deployment that answers everything alike. */
export function deploymentThatSays(
  answer: ScriptedAnswer,
  settings: Partial<Deployment> = {},
): ScriptedDeployment {
  return scriptedDeployment(() => answer, settings);
}

/** The scrape of a gateway whose health service has answered two seconds ago, with these lines exchanged. */
export function scrapeText(exchange: (line: string) => string | null = (line) => line): string {
  const all = [...httpCatalogue, ...inferenceCatalogue, ...providerCatalogue, ...healthServiceCatalogue];
  const lines = all.flatMap(({ name, type, labels }) => [
    `# TYPE ${name} ${type}`,
    ...(labels.length === 0 ? [`${name} ${name.endsWith('_scrape') ? NOW_SECONDS - 2 : 1}.0`] : []),
  ]);
  const ages = ['/health', '/status', '/metrics', '/cache/stats'].map(
    (endpoint) => `gatewayz_health_data_age_seconds{endpoint="${endpoint}"} 2.0`,
  );
  return [...lines, ...ages]
    .map(exchange)
    .filter((line) => line !== null)
    .join('\n');
}

/** A Prometheus that gives these vectors, by a text that its query holds, and these active targets. */
export function prometheusThatHas(
  vectors: Readonly<Record<string, readonly (readonly [job: string, instance: string, value: number])[]>>,
  targets: readonly object[] | null = [],
): Script {
  return ({ pathname, searchParams }) => {
    if (pathname === '/api/v1/targets') {
      return targets === null ? null : { text: JSON.stringify({ data: { activeTargets: targets } }) };
    }
    const query = searchParams.get('query') ?? '';
    const [, elements = []] = Object.entries(vectors).find(([part]) => query.includes(part)) ?? [];
    const result = elements.map(([job, instance, value]) => ({
      metric: { job, instance },
      value: [NOW_SECONDS, String(value)],
    }));
    return { text: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }) };
  };
}
