import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST, toPrometheusRule } from './prometheus-rule.ts';

const root = join(import.meta.dirname, '../..');
await writeFile(join(root, MANIFEST), await toPrometheusRule(root));
