import { expect, test } from 'vitest';
import { histogramProblems, readMetrics } from './metrics.ts';
import { ExpositionError, parseExposition } from './parse-exposition.ts';

const SCRAPE = `# HELP requests_total Requests, with a \\\\ and a \\n in help.
# TYPE requests_total counter
requests_total{method="get",path="/a"} 3
requests_total{method="post",path="/a",} 4 1700000000000
requests_total{path="/\\"b\\"\\n\\\\",method="get"} 1.5e3
# a free comment
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5"} 1
took_seconds_bucket{le="+Inf"} 2
took_seconds_sum 3.25
took_seconds_count 2
# TYPE up gauge
up{} NaN
bare -Inf
`;

test('families, types, help and samples are read', () => {
  const families = parseExposition(SCRAPE);
  expect(families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
    ['requests_total', 'counter', 3],
    ['took_seconds', 'histogram', 4],
    ['up', 'gauge', 1],
    ['bare', 'untyped', 1],
  ]);
  expect(families[0]?.help).toBe('Requests, with a \\ and a \n in help.');
  expect(families[0]?.samples[1]?.timestampMs).toBe(1_700_000_000_000);
  expect(families[0]?.samples[2]).toMatchObject({ labels: { path: '/"b"\n\\' }, value: 1500 });
});

test('values are found by exact labels in any order, sums by some of them', () => {
  const metrics = readMetrics(SCRAPE);
  expect(metrics.value('requests_total', { path: '/a', method: 'get' })).toBe(3);
  expect(metrics.value('requests_total', { path: '/a' })).toBeUndefined();
  expect(metrics.sum('requests_total', { path: '/a' })).toBe(7);
  expect(metrics.sum('requests_total')).toBe(1507);
  expect(metrics.sum('nothing')).toBe(0);
  expect(metrics.value('took_seconds_count')).toBe(2);
  expect(metrics.value('up')).toBeNaN();
  expect(metrics.value('bare')).toBe(Number.NEGATIVE_INFINITY);
  expect(metrics.series('took_seconds_bucket', { le: '0.5' })).toHaveLength(1);
  expect(metrics.size).toBe(9);
});

const malformed: Readonly<Record<string, string>> = {
  'no line feed at the end': 'a 1',
  'no value': 'a\n',
  'a value that is no number': 'a one\n',
  'a hexadecimal value': 'a 0x10\n',
  'an empty line of spaces': ' \n',
  'two spaces': 'a  1\n',
  'a carriage return': 'a 1\r\n',
  'an unknown escape': 'a{b="\\t"} 1\n',
  'an unescaped quote': 'a{b="x"y"} 1\n',
  'an unclosed label set': 'a{b="x" 1\n',
  'a bad label name': 'a{b-c="x"} 1\n',
  'the same label twice': 'a{b="x",b="y"} 1\n',
  'the same series twice': 'a{b="x",c="y"} 1\na{c="y",b="x"} 2\n',
  'a second TYPE': '# TYPE a gauge\n# TYPE a gauge\na 1\n',
  'a second HELP': '# HELP a x\n# HELP a x\na 1\n',
  'a TYPE after samples': 'a 1\n# TYPE a gauge\n',
  'an unknown type': '# TYPE a guage\na 1\n',
  'interleaved families': 'a 1\nb 1\na{c="d"} 1\n',
  'a histogram sample without suffix': '# TYPE a histogram\na 1\n',
  'a bucket without le': '# TYPE a histogram\na_bucket 1\n',
};

for (const [name, text] of Object.entries(malformed)) {
  test(`${name} is refused`, () => {
    expect(() => parseExposition(text)).toThrow(ExpositionError);
  });
}

test('histograms whose buckets do not add up are told', () => {
  expect(histogramProblems(readMetrics(SCRAPE))).toEqual([]);
  const broken = (text: string): string =>
    histogramProblems(readMetrics(`# TYPE h histogram\n${text}`)).join();
  const tail = 'h_sum 1\nh_count 3\n';
  expect(broken(`h_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 2\n${tail}`)).toContain('not the count');
  expect(broken(`h_bucket{le="1.0"} 3\n${tail}`)).toContain('not +Inf');
  expect(broken(`h_bucket{le="1.0"} 4\nh_bucket{le="+Inf"} 3\n${tail}`)).toContain('falls');
  expect(broken('h_bucket{le="+Inf"} 3\n')).toMatch(/no count.*no sum/);
});
