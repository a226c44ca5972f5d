import type { Deployment } from './deployment.ts';
import { readText } from './read-answer.ts';

/** What a scrape says, as far as the doctor asks. */
export interface Scrape {
  /** Names of the families that are declared, with or without series. */
  readonly families: ReadonlySet<string>;
  /** Sample name → its series. */
  readonly series: ReadonlyMap<string, readonly Series[]>;
  /** Unix seconds of the scrape by the gateway's clock, by ours where it does not say. */
  readonly atSeconds: number;
}

/** One series: its labels as they are written, and its value. */
export interface Series {
  readonly labels: string;
  readonly value: number;
}

/** Scrapes the gateway. Ends the check where that fails. */
export async function scrape(deployment: Deployment): Promise<Scrape> {
  const { text, dateMs } = await readText(deployment, {
    place: deployment.metrics,
    whenSilent: 'See what the check of the gateway says, and the log of the gateway.',
    whenRefused: 'Run the doctor with the METRICS_TOKEN that the gateway has.',
  });
  return { ...parseScrape(text), atSeconds: (dateMs ?? Date.now()) / 1000 };
}

/** Reads Prometheus text; lines that are none are passed over. */
function parseScrape(text: string): Pick<Scrape, 'families' | 'series'> {
  const families = new Set<string>();
  const series = new Map<string, Series[]>();
  for (const line of text.split('\n')) {
    const family = /^# TYPE (\S+) /.exec(line)?.[1];
    if (family !== undefined) families.add(family);
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = series.get(name);
    const one = { labels, value: Number(value) };
    if (known === undefined) series.set(name, [one]);
    else known.push(one);
  }
  return { families, series };
}
