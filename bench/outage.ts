/**
 * What requests notice of a Loki or a Tempo that has been away for so long that no more can wait: real gateways at a
 * fixed rate, whose sinks take all, refuse connections, never answer, or answer 429 or 503.
 * `node bench/outage.ts [lines|spans] [--rate 2000] [--seconds 5] [--rounds 7]`
 */
import { parseArgs } from 'node:util';
import type { SignalKind } from './outage/books.ts';
import { outageTable, outageVerdict } from './outage/outage-report.ts';
import { runOutage } from './outage/run-outage.ts';

const { values, positionals } = parseArgs({
  options: {
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '7' },
  },
  allowPositionals: true,
});

// Leaving through `exit` lets the started processes and the temporary folder be cleaned up.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = {
  ratePerSecond: Number(values.rate),
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
};
const all: readonly SignalKind[] = ['lines', 'spans'];
const asked = all.filter((kind) => positionals.length === 0 || positionals.includes(kind));
for (const kind of asked) {
  const results = await runOutage(kind, options, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`\n${outageTable(kind, results)}\n\n${outageVerdict(kind, results)}\n`);
}
