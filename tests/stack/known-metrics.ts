import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@gatewayz/testkit';

/** Given by Prometheus to every target, or by the files of targets. */
export const TARGET_LABELS: readonly string[] = ['job', 'instance', 'env'];

/** Every metric that rules and runbooks may name, with its labels, from the page that a scrape is held against. */
export function readKnownMetrics(): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, readonly string[]>([['up', []]]);
  const page = readFileSync(join(repositoryRoot, 'docs/compatibility.md'), 'utf8');
  for (const [, name = '', type, labelCell = ''] of page.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)) {
    const labels = [...labelCell.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
    known.set(name, labels);
    if (type !== 'histogram') continue;
    for (const end of ['count', 'sum']) known.set(`${name}_${end}`, labels);
    known.set(`${name}_bucket`, [...labels, 'le']);
  }
  return known;
}
