import { readFile, writeFile } from 'node:fs/promises';
import { PAGE, toAlertsTable, withTable } from './alerts-table.ts';
import { FIRED_END_TO_END } from './fired-end-to-end.ts';

await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), toAlertsTable(FIRED_END_TO_END)));
