import type { Attempt, FakeProvider } from '@gatewayz/testkit';
import type { ClientRecord } from './client.ts';
import type { ProviderName } from './plan.ts';
import { readId } from './plan.ts';

/** One attempt as its provider logged it, with the outcome that this must have been for the gateway. */
export interface LoggedAttempt {
  readonly provider: ProviderName;
  readonly model: string;
  readonly outcome: string;
  readonly attempt: Attempt;
}

/** Counts by label set, each written as its values in the contract's order. */
export type Counts = Readonly<Record<string, number>>;

const OUTCOMES: Readonly<Record<string, string>> = {
  'error 500': 'provider_error',
  'error 503': 'provider_error',
  'error 429': 'rate_limited',
  'error 401': 'credentials',
  'error 400': 'caller',
  'error 404': 'caller',
  'error in 200': 'provider_error',
  html: 'provider_error',
  closed: 'provider_error',
  drop: 'network',
  cut: 'network',
  stall: 'timeout',
};

function outcomeOf({ script, end }: Attempt, hasLeft: boolean): string {
  if (hasLeft) return 'client_closed';
  if (script === 'ok') return end === 'complete' ? 'success' : `a good answer that ended ${end}`;
  if (script === 'hang') return 'timeout';
  return OUTCOMES[script] ?? `an unknown script, ${script}`;
}

/** Every request's attempts in their order, from the providers' logs alone; clients that left are as they say. */
export function groupAttempts(
  providers: Readonly<Record<ProviderName, FakeProvider>>,
  records: readonly ClientRecord[],
): ReadonlyMap<string, readonly LoggedAttempt[]> {
  const leavers = new Set(records.filter(({ status }) => status === 499).map(({ planned }) => planned.id));
  const all = Object.entries(providers).flatMap(([name, provider]) =>
    provider.attempts().map((attempt) => ({ provider: name as ProviderName, attempt })),
  );
  all.sort((a, b) => a.attempt.receivedAtMs - b.attempt.receivedAtMs);
  const groups = new Map<string, LoggedAttempt[]>();
  for (const { provider, attempt } of all) {
    const id = readId(attempt.json);
    const group = groups.get(id) ?? [];
    groups.set(id, group);
    const outcome = outcomeOf(attempt, leavers.has(id));
    group.push({ provider, model: attempt.model, outcome, attempt });
  }
  return groups;
}

class Tally {
  readonly counts: Record<string, number> = {};

  add(labels: readonly (string | number)[], by = 1): void {
    const key = labels.join(' ');
    if (by !== 0) this.counts[key] = (this.counts[key] ?? 0) + by;
  }
}

/** What the HTTP metrics must say, from the client's records. */
export function countRequests(records: readonly ClientRecord[]): { byStatus: Counts; byPath: Counts } {
  const byStatus = new Tally();
  const byPath = new Tally();
  for (const { path, status } of records) {
    byStatus.add(['POST', path, status, `${Math.floor(status / 100)}xx`]);
    byPath.add(['POST', path]);
  }
  return { byStatus: byStatus.counts, byPath: byPath.counts };
}

/** What the inference metrics must say, from both sides' records. */
export interface InferenceCounts {
  readonly attempts: Counts;
  readonly failovers: Counts;
  readonly requests: Counts;
  readonly durations: Counts;
  readonly streams: Counts;
  readonly firstChunks: Counts;
  readonly tokens: Counts;
}

export function countInference(
  records: readonly ClientRecord[],
  groups: ReadonlyMap<string, readonly LoggedAttempt[]>,
): InferenceCounts {
  const attempts = new Tally();
  const failovers = new Tally();
  const requests = new Tally();
  const durations = new Tally();
  const streams = new Tally();
  const firstChunks = new Tally();
  const tokens = new Tally();
  for (const record of records) {
    const group = groups.get(record.planned.id) ?? [];
    for (const { provider, model, outcome } of group) attempts.add([provider, model, outcome]);
    group.slice(1).forEach(({ provider }, index) => {
      const from = group[index];
      const isElsewhere = from !== undefined && from.provider !== provider;
      if (isElsewhere) failovers.add([record.planned.model, from.provider, provider, from.outcome]);
    });
    const last = group.at(-1);
    if (last === undefined) continue;
    const target = [last.provider, last.model];
    requests.add([...target, last.outcome === 'success' ? 'success' : 'error']);
    durations.add(target);
    if (record.stream !== null) streams.add([...target, toStreamEnd(record, group)]);
    if (record.chunks > 0) firstChunks.add(target);
    const [input, output] = usageOf(last);
    tokens.add([...target, 'input'], input);
    tokens.add([...target, 'output'], output);
  }
  const all = { attempts, failovers, requests, durations, streams, firstChunks, tokens };
  return Object.fromEntries(
    Object.entries(all).map(([name, { counts }]) => [name, counts]),
  ) as unknown as InferenceCounts;
}

/** An answer was continued where an earlier attempt had already begun it. */
function toStreamEnd({ stream }: ClientRecord, group: readonly LoggedAttempt[]): string {
  if (stream === 'left') return 'client_closed';
  const begun = group.filter(({ attempt }) => attempt.status === 200 && attempt.piecesSent > 0);
  if (stream === 'whole') return begun.length > 1 ? 'continued' : 'complete';
  return group.at(-1)?.outcome === 'timeout' ? 'stalled' : 'truncated';
}

/** Tokens that the provider truly reported with a whole answer; impossible figures are none. */
function usageOf({ outcome, attempt }: LoggedAttempt): readonly [number, number] {
  const { prompt_tokens: input = 0, completion_tokens: output = 0 } = (attempt.usageSent ?? {}) as Record<
    string,
    number
  >;
  return outcome === 'success' && input >= 0 ? [input, output] : [0, 0];
}
