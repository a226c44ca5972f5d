import { parseArgs } from 'node:util';
import { type CandidateName, candidateNames, comparisons } from './http/candidates.ts';
import { defaultConnections, fillsCore, type Scenario, scenarios } from './http/scenarios.ts';

/** What one comparison of the HTTP part does. */
export interface HttpOptions {
  /** Empty where the candidates were asked for. */
  readonly title: string;
  readonly candidates: readonly CandidateName[];
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Socket writes that the upstream spreads one streamed answer over. */
  readonly streamWrites: number;
}

/** What the registry part does. */
export interface RegistryOptions {
  readonly sizes: readonly number[];
  readonly runs: number;
}

/** What the poller part does. */
export interface PollerOptions {
  /** Polls that each run measures. */
  readonly polls: number;
  readonly runs: number;
}

/** What the views part does. */
export interface ViewsOptions {
  /** Time series of the registry, at the least. */
  readonly series: number;
  /** Measured answers a view and source. */
  readonly rounds: number;
}

/** The parts of the bench, in the order in which they run. */
export const benchParts = ['registry', 'poller', 'views', 'http'] as const;

/** One part of the bench. */
export type BenchPart = (typeof benchParts)[number];

/** What one start of the bench does. */
export interface BenchOptions {
  /** One after the other; null where the HTTP part is not asked for. */
  readonly http: readonly HttpOptions[] | null;
  readonly registry: RegistryOptions | null;
  readonly poller: PollerOptions | null;
  readonly views: ViewsOptions | null;
  /** The candidate to profile instead of a comparison, or null. */
  readonly profile: CandidateName | null;
  readonly write: boolean;
}

/** How the bench is used, for a wrong flag. */
export const usage: string = `node bench/run.ts [http|registry|poller|views] [flags]
  --only PART             one part (the same as naming it first)
  --quick                 short runs: a look, not a measurement
  --candidates a,b        of ${candidateNames.join(', ')}
  --connections 1,16,64   only the closed loops, at these connections (for each worker of workers-2)
  --scenarios a,b         only these loads, for example plain@16,plain@2000/s,stream@200/s
  --rounds N --seconds S  how often each load is repeated, and for how long
  --stream-writes N       the upstream writes one streamed answer in N writes (default 1)
  --sizes N,N             series of the registry part
  --polls N               polls of the poller part
  --profile [NAME]        print where a candidate (default gatewayz) spends its time (default loads plain@16 and stream@16)
  --write, --no-write     write docs/benchmarks.md or do not (default: only a whole run with no other flag writes)`;

const profiledScenarios: readonly string[] = ['plain@16', 'stream@16'];

const flags = {
  only: { type: 'string' },
  quick: { type: 'boolean' },
  candidates: { type: 'string' },
  connections: { type: 'string' },
  scenarios: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  'stream-writes': { type: 'string' },
  sizes: { type: 'string' },
  polls: { type: 'string' },
  profile: { type: 'boolean' },
  write: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof parse>['values'];

function parse(words: readonly string[]) {
  return parseArgs({ args: [...words], options: flags, allowPositionals: true, allowNegative: true });
}

function isCandidate(name: string): name is CandidateName {
  return candidateNames.some((known) => known === name);
}

function readCandidate(name: string): CandidateName {
  if (!isCandidate(name)) {
    throw new Error(`candidate: expected one of ${candidateNames.join(', ')}, received ${name}`);
  }
  return name;
}

function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) {
    throw new Error(`${name}: expected a number above 0, received ${text}`);
  }
  return value;
}

function readNumbers(name: string, text: string): number[] {
  return text.split(',').map((part) => readNumber(name, part));
}

function readScenarios(values: Flags): readonly Scenario[] {
  if (values.connections !== undefined) {
    const asked = scenarios(readNumbers('--connections', values.connections));
    return asked.filter(({ loop }) => loop.kind === 'closed');
  }
  const known = scenarios(defaultConnections);
  if (values.scenarios === undefined) {
    return values.profile === true ? known.filter(({ name }) => profiledScenarios.includes(name)) : known;
  }
  return values.scenarios.split(',').map((name) => {
    const found = known.find((scenario) => scenario.name === name);
    if (found === undefined) {
      throw new Error(
        `--scenarios: expected some of ${known.map((one) => one.name).join(', ')}, received ${name}`,
      );
    }
    return found;
  });
}

function readHttp(values: Flags): readonly HttpOptions[] {
  const loads = readScenarios(values);
  const isAsked = values.connections !== undefined || values.scenarios !== undefined;
  if (values.candidates !== undefined || values.profile === true) {
    const candidates = values.candidates?.split(',').map(readCandidate) ?? [];
    return [{ ...readRounds(values), title: '', candidates, scenarios: loads }];
  }
  return comparisons.map(({ title, candidates, isOfFullCores }) => {
    const own = isOfFullCores && !isAsked ? loads.filter(fillsCore) : loads;
    return { ...readRounds(values), title, candidates, scenarios: own };
  });
}

function readRounds(values: Flags): Omit<HttpOptions, 'title' | 'candidates' | 'scenarios'> {
  const quick = values.quick === true;
  return {
    rounds: readNumber('--rounds', values.rounds ?? (quick ? '1' : '3')),
    seconds: readNumber('--seconds', values.seconds ?? (quick ? '0.5' : '2')),
    // After one second the code of a candidate that does more was still half compiled: its first load paid for that.
    warmUpSeconds: quick ? 0.4 : 4,
    streamWrites: readNumber('--stream-writes', values['stream-writes'] ?? '1'),
  };
}

function readRegistry(values: Flags): RegistryOptions {
  const quick = values.quick === true;
  return {
    sizes: readNumbers('--sizes', values.sizes ?? '1000,10000,50000'),
    runs: readNumber('--rounds', values.rounds ?? (quick ? '1' : '5')),
  };
}

function readPoller(values: Flags): PollerOptions {
  const quick = values.quick === true;
  return {
    polls: readNumber('--polls', values.polls ?? (quick ? '100' : '1000')),
    runs: readNumber('--rounds', values.rounds ?? (quick ? '1' : '5')),
  };
}

function readViews(values: Flags): ViewsOptions {
  return {
    series: 10_000,
    rounds: readNumber('--rounds', values.rounds ?? (values.quick === true ? '10' : '50')),
  };
}

function readPart(only: string | undefined): BenchPart | null {
  if (only === undefined) {
    return null;
  }
  const part = benchParts.find((known) => known === only);
  if (part === undefined) {
    throw new Error(`part: expected one of ${benchParts.join(', ')}, received ${only}`);
  }
  return part;
}

/**
 * Reads the command line.
 * @throws Error naming the flag, what it expects and what it got
 */
export function readOptions(words: readonly string[]): BenchOptions {
  const { values, positionals } = parse(words);
  const profiled = values.profile === true;
  const part = readPart(values.only ?? (profiled ? 'http' : positionals[0]));
  const narrowed = Object.keys(values).some((name) => name !== 'only' && name !== 'write');
  const named = positionals.filter((word) => word !== 'http');
  return {
    http: part === null || part === 'http' ? readHttp(values) : null,
    registry: part === null || part === 'registry' ? readRegistry(values) : null,
    poller: part === null || part === 'poller' ? readPoller(values) : null,
    views: part === null || part === 'views' ? readViews(values) : null,
    profile: profiled ? readCandidate(named[0] ?? 'gatewayz') : null,
    write: values.write ?? !narrowed,
  };
}
