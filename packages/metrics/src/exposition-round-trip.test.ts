import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExpositionFormat } from './exposition-format.ts';
import { formatBound } from './format-float.ts';
import { createRegistry } from './registry.ts';
import { type ParsedFamily, type ParsedSample, parseExposition } from './test-support/parse-exposition.ts';
import { type Document, hasPythonClient, parseWithPython } from './test-support/python-client.ts';

interface Series {
  readonly values: readonly string[];
  readonly numbers: readonly number[];
}

interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  readonly help: string;
  readonly labelCount: number;
  readonly bounds: readonly number[];
  readonly series: readonly Series[];
}

const FRAGMENTS = [
  '\\',
  '"',
  '\n',
  '\r',
  '{',
  '}',
  ',',
  '=',
  ' ',
  '#',
  '\\n',
  '"} 1\nforged_total 9\n',
  ' # {',
  '# EOF\n',
];

const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.nat(0xffff), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 6 }).map((fragments) => fragments.join('')),
);

const spec: fc.Arbitrary<MetricSpec> = fc.record({
  type: fc.constantFrom<MetricSpec['type'][]>('counter', 'gauge', 'histogram', 'info'),
  help: hostileText,
  labelCount: fc.integer({ min: 0, max: 3 }),
  bounds: fc
    .uniqueArray(fc.double({ min: 0, max: 1e12, noNaN: true }), {
      minLength: 1,
      maxLength: 6,
      comparator: 'SameValueZero',
    })
    .map((bounds) => bounds.map((bound) => bound + 0).sort((a, b) => a - b)),
  series: fc.array(
    fc.record({
      values: fc.array(hostileText, { minLength: 3, maxLength: 3 }),
      numbers: fc.array(fc.double(), { maxLength: 4 }),
    }),
    { maxLength: 5 },
  ),
});

const isAmount = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
const sumOf = (numbers: readonly number[]) => numbers.filter(isAmount).reduce((sum, value) => sum + value, 0);

/** What the exposition must hold for a metric, worked out without the package's code (but for the label of a bound, which has its own test). */
function expectedSamples(spec: MetricSpec, name: string): ParsedSample[] {
  const sets = new Map<string, { labels: Record<string, string>; numbers: number[] }>();
  const touch = (values: readonly string[]) => {
    const entries = values
      .slice(0, spec.labelCount)
      .map((value, at) => [`l${at}`, value.toWellFormed()] as const);
    const key = JSON.stringify(entries);
    const set = sets.get(key) ?? { labels: Object.fromEntries(entries), numbers: [] };
    sets.set(key, set);
    return set;
  };
  if (spec.labelCount === 0) {
    touch([]);
  }
  for (const { values, numbers } of spec.series) {
    touch(values).numbers.push(...numbers);
  }
  const sample = (suffix: string, labels: Record<string, string>, value: number): ParsedSample => ({
    name: `${name}${suffix}`,
    labels,
    value,
    exemplar: null,
  });
  return [...sets.values()].flatMap(({ labels, numbers }) => {
    switch (spec.type) {
      case 'counter':
        return [sample('', labels, sumOf(numbers))];
      case 'gauge':
        return [sample('', labels, numbers.at(-1) ?? 0)];
      case 'info':
        return [sample('', labels, 1)];
      case 'histogram': {
        const amounts = numbers.filter(isAmount);
        const below = (bound: number) => amounts.filter((value) => value <= bound).length;
        return [
          ...spec.bounds.map((bound) =>
            sample('_bucket', { ...labels, le: formatBound(bound) }, below(bound)),
          ),
          sample('_bucket', { ...labels, le: '+Inf' }, amounts.length),
          sample('_sum', labels, sumOf(numbers)),
          sample('_count', labels, amounts.length),
        ];
      }
      default:
        return spec.type satisfies never;
    }
  });
}

function nameOf(spec: MetricSpec, at: number): string {
  return `m${at}${spec.type === 'counter' ? '_total' : spec.type === 'info' ? '_info' : ''}`;
}

function expectedFamilies(specs: readonly MetricSpec[], format: ExpositionFormat): ParsedFamily[] {
  return specs.map((spec, at) => {
    const name = nameOf(spec, at);
    const isOpenMetrics = format === 'openmetrics';
    return {
      name: isOpenMetrics ? `m${at}` : name,
      type: spec.type === 'info' && !isOpenMetrics ? 'gauge' : spec.type,
      help: spec.help.toWellFormed(),
      samples: expectedSamples(spec, name),
    };
  });
}

async function renderSpecs(specs: readonly MetricSpec[], sliceBytes: number): Promise<Document[]> {
  const registry = createRegistry({ selfMetrics: false, sliceBytes });
  for (const [at, spec] of specs.entries()) {
    const name = nameOf(spec, at);
    const labels = ['l0', 'l1', 'l2'].slice(0, spec.labelCount);
    const options = { name, help: spec.help, labels };
    const update = createUpdate(spec, options);
    for (const { values, numbers } of spec.series) {
      update(Object.fromEntries(values.map((value, index) => [`l${index}`, value])), numbers);
    }
  }
  const formats: readonly ExpositionFormat[] = ['text', 'openmetrics'];
  return Promise.all(
    formats.map(async (format) => ({ format, text: (await registry.render({ format })).toString('utf8') })),
  );

  function createUpdate(
    { type, bounds }: MetricSpec,
    options: { name: string; help: string; labels: string[] },
  ): (labels: Record<string, string>, numbers: readonly number[]) => void {
    switch (type) {
      case 'counter': {
        const counter = registry.counter(options);
        return (labels, numbers) => {
          const child = counter.labels(labels);
          numbers.forEach((value) => void child.inc(value));
        };
      }
      case 'gauge': {
        const gauge = registry.gauge(options);
        return (labels, numbers) => {
          const child = gauge.labels(labels);
          numbers.forEach((value) => void child.set(value));
        };
      }
      case 'histogram': {
        const histogram = registry.histogram({ ...options, buckets: bounds });
        return (labels, numbers) => {
          const child = histogram.labels(labels);
          numbers.forEach((value) => void child.observe(value));
        };
      }
      case 'info': {
        const info = registry.info(options);
        return (labels) => void info.set(labels);
      }
      default:
        return type satisfies never;
    }
  }
}

const specs = fc.array(spec, { maxLength: 4 });

describe('whatever the labels, help texts and values are, the exposition parses back to exactly what went in', () => {
  it('by the reader in this folder', async () => {
    await fc.assert(
      fc.asyncProperty(specs, fc.constantFrom(1, 64, 16_384), async (metrics, sliceBytes) => {
        for (const { format, text } of await renderSpecs(metrics, sliceBytes)) {
          expect(parseExposition(text, format)).toEqual(expectedFamilies(metrics, format));
        }
      }),
      { numRuns: 400 },
    );
  });

  it.skipIf(!hasPythonClient)(
    'by the strict OpenMetrics parser and the text parser of the Python client',
    async () => {
      const cases = fc.sample(specs, 300);
      const documents = (await Promise.all(cases.map((metrics) => renderSpecs(metrics, 16_384)))).flat();
      const parsed = parseWithPython(documents);
      for (const [at, metrics] of cases.entries()) {
        expect(parsed[at * 2 + 1]).toEqual(expectedFamilies(metrics, 'openmetrics'));
        // The Python text parser trims help texts and leaves metadata out where a family has no samples.
        expect(parsed[at * 2]?.flatMap(({ samples }) => samples)).toEqual(
          expectedFamilies(metrics, 'text').flatMap(({ samples }) => samples),
        );
      }
    },
  );

  it.skipIf(!hasPythonClient)('with exemplars on counters and buckets', async () => {
    const registry = createRegistry({ selfMetrics: false });
    const counter = registry.counter({ name: 'a_total', help: 'h', labels: ['x'] });
    const histogram = registry.histogram({ name: 'h', help: 'h', labels: ['x'], buckets: [1, 2] });
    for (const x of FRAGMENTS) {
      const exemplar = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
      counter.labels({ x }).inc(2, exemplar);
      histogram.labels({ x }).observe(1.5, exemplar);
    }
    const text = (await registry.render({ format: 'openmetrics' })).toString();
    const ours = parseExposition(text, 'openmetrics');
    expect(parseWithPython([{ format: 'openmetrics', text }])).toEqual([ours]);
    const exemplars = ours.flatMap(({ samples }) => samples).filter(({ exemplar }) => exemplar !== null);
    expect(exemplars).toHaveLength(FRAGMENTS.length * 2);
    expect(exemplars[0]?.exemplar).toMatchObject({
      labels: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
      value: 2,
    });
  });
});
