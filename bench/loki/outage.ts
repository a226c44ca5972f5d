/**
 * An hour of outage at 2,000 lines a second, as fast as they can be written, beside the same lines without Loki: what
 * the process weighs, and whether the books balance. `node bench/loki/outage.ts [lines]`
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLogger, type Logger } from '@gatewayz/telemetry';
import { startFakeLoki } from '@gatewayz/testkit';
import { figure, table } from '../report/table.ts';
import { requestFields } from './request-fields.ts';

interface Figures {
  readonly peakMb: number;
  readonly imbalances: number;
  readonly counts: ReturnType<Logger['counts']>['loki'];
  readonly acceptedByLoki: number;
}

const MB = 1_000_000;
const LINES = Number(process.argv[2] ?? 7_200_000);
const TURN = 50;

function isBalanced(logger: Logger): boolean {
  const counts = logger.counts().loki;
  if (counts === null) return true;
  const { written, delivered, droppedFull, droppedRejected, droppedClosed, queued } = counts;
  return written === delivered + droppedFull + droppedRejected + droppedClosed + queued;
}

async function measure(hasLoki: boolean): Promise<Figures> {
  const loki = await startFakeLoki();
  const fd = openSync('/dev/null', 'a');
  const logger = createLogger({ app: 'gatewayz', fd, loki: hasLoki ? { url: loki.url } : null });
  await loki.stop();
  const fields = Array.from({ length: 1_000 }, (_, at) => requestFields(at));
  let peakBytes = 0;
  let imbalances = 0;
  for (let at = 0; at < LINES; at += 1) {
    logger.info('Request processed', fields[at % fields.length]);
    if (at % TURN !== 0) continue;
    await nextTurn();
    if (!isBalanced(logger)) imbalances += 1;
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }
  await loki.start();
  await logger.close(30_000);
  closeSync(fd);
  const { accepted } = loki.stats();
  await loki.close();
  return { peakMb: peakBytes / MB, imbalances, counts: logger.counts().loki, acceptedByLoki: accepted };
}

function measureInProcess(mode: string): Figures {
  const words = [fileURLToPath(import.meta.url), String(LINES), mode];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Figures;
}

const mode = process.argv[3];
if (mode !== undefined) {
  process.stdout.write(JSON.stringify(await measure(mode === 'loki')));
} else {
  const without = measureInProcess('none');
  const down = measureInProcess('loki');
  const rows = [
    ['without Loki', figure(without.peakMb), '–', '–', '–', '–'],
    [
      'Loki down',
      figure(down.peakMb),
      figure(down.counts?.droppedFull ?? null),
      figure(down.counts?.delivered ?? null),
      figure(down.acceptedByLoki),
      String(down.imbalances),
    ],
  ];
  const head = ['', 'peak RSS, MB', 'dropped', 'delivered afterwards', 'as Loki counts', 'imbalances'];
  process.stdout.write(`${table(head, rows)}\n`);
}
