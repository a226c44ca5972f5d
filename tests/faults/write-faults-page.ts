import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS_PAGE, toFaultsPage } from './faults-page.ts';

const root = join(import.meta.dirname, '../..');
writeFileSync(join(root, FAULTS_PAGE), toFaultsPage(root));
