import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';
import { expect, test } from 'vitest';
import { FAULTS_PAGE, findStrays, proves, readTitles, toFaultsPage } from './faults-page.ts';
import { FAULT_ROWS } from './rows.ts';

test('the page of faults is the one that the titles of the tests give', () => {
  expect(readFileSync(join(repositoryRoot, FAULTS_PAGE), 'utf8')).toBe(toFaultsPage(repositoryRoot));
});

test('every fault is proved by a test', () => {
  const { rows } = readTitles(repositoryRoot);
  const missing = FAULT_ROWS.flatMap(({ part, faults }) =>
    faults.filter((fault) => !rows.some(({ title }) => proves(title, part, fault))),
  );
  expect(missing).toEqual([]);
});

test('a title proves a fault only by the whole of its words', () => {
  expect(proves('Provider: half-close → an end', 'Provider', 'half-close')).toBe(true);
  expect(proves('Provider: half-closed → an end', 'Provider', 'half-close')).toBe(false);
  expect(proves('Client: half-close → an end', 'Provider', 'half-close')).toBe(false);
});

test('a title that names no row is found', () => {
  const stray = { file: 'x.test.ts', title: 'Provider: explodes → an end' };
  expect(findStrays([stray, { file: 'x.test.ts', title: 'Client: reads slowly → an end' }])).toEqual([stray]);
});
