import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { replacePlaces, shorten } from './shorten.ts';

const FILES = [
  'prometheus/prometheus.yml',
  'prometheus/rules/recording.yml',
  'prometheus/rules/slo.yml',
  'prometheus/rules/alerts.yml',
  'alertmanager/alertmanager.yml',
];
const read = (name: string): string => readFileSync(join(repositoryRoot, 'observability', name), 'utf8');

test.each([
  ['scrape_interval: 15s', 'scrape_interval: 750ms'],
  ['        for: 3h', '        for: 540000ms'],
  ['rate(a[5m]) / rate(a[1h] offset 1h)', 'rate(a[15000ms]) / rate(a[180000ms] offset 180000ms)'],
  ['slo:availability:burn_rate5m > 14.4', 'slo:availability:burn_rate5m > 14.4'],
  ['max(gatewayz_health_data_age_seconds) > 90', 'max(gatewayz_health_data_age_seconds) > 4.5'],
  ['labels: { window: 5m }', 'labels: { window: 5m }'],
  ['3 * cost:usd:per_hour > 90', '3 * cost:usd:per_hour > 90'],
])('%s becomes %s', (text, expected) => {
  expect(shorten(text)).toBe(expected);
});

test.each(FILES)('of %s nothing but durations is changed, and every one of them', (name) => {
  const text = read(name);
  const [before, after] = [text.split('\n'), shorten(text).split('\n')];
  expect(after).toHaveLength(before.length);
  const withoutNumbers = (line: string): string =>
    line.replaceAll(/\d+(?:ms|s|m|h|d)\b|(?<=age_seconds\) > )[\d.]+/g, '#');
  expect(after.map(withoutNumbers)).toEqual(before.map(withoutNumbers));
  const changed = before.filter((line, index) => line !== after[index]);
  expect(changed.every((line) => /_interval:|_timeout:|_wait:|for:|\[\d|offset|age_seconds/.test(line))).toBe(
    true,
  );
  expect(shorten(text)).not.toMatch(
    /\[\d+[smhd]\]|offset \d+[smhd]\b|(?:_interval|_timeout|_wait|for): \d+[smhd]$/m,
  );
});

test('a place that a file does not name is an error, so that none is left behind', () => {
  expect(replacePlaces('targets: [tempo:3200]', { 'tempo:3200': '127.0.0.1:1' })).toBe(
    'targets: [127.0.0.1:1]',
  );
  expect(() => replacePlaces('targets: [tempo:3200]', { 'loki:3100': '127.0.0.1:1' })).toThrow(
    'loki:3100 is not in the file',
  );
});
