import { HEALTH_FIELDS, type HealthEndpoint, type HealthField } from './health-endpoint.ts';
import { HealthPollError } from './health-poll-error.ts';

/** What was good in one endpoint's answer. */
export interface HealthReading {
  /** Amounts, and flags as 0 and 1, by the service's own field names; bad and missing ones are left out. */
  readonly values: ReadonlyMap<HealthField, number>;
  /** How many models are in each status; null where the answer has no distribution. */
  readonly statuses: ReadonlyMap<string, number> | null;
  /** Entries that were there and made no sense. */
  readonly dropped: number;
}

/**
 * Reads an endpoint's answer: keeps what is good, drops and counts what is bad, ignores what is unknown. Throws a
 * {@link HealthPollError} where nothing is left. `toLabel` bounds the names of statuses.
 */
export function readHealthPart(
  endpoint: HealthEndpoint,
  body: unknown,
  toLabel: (status: string) => string,
): HealthReading {
  if (!isRecord(body)) throw new HealthPollError('invalid', 'no JSON object');
  if (endpoint === '/health') return readHealth(body);
  const { values, dropped } = readValues(endpoint, body);
  const distribution = endpoint === '/metrics' ? readStatuses(body, toLabel) : NO_STATUSES;
  if (values.size === 0 && distribution.statuses === null) {
    throw new HealthPollError('invalid', 'none of the expected fields');
  }
  return { values, statuses: distribution.statuses, dropped: dropped + distribution.dropped };
}

const NO_STATUSES = { statuses: null, dropped: 0 } as const;

/** Which word it uses is its own matter: that it answers like a health service is what counts as up. */
function readHealth(body: Readonly<Record<string, unknown>>): HealthReading {
  if (typeof body.status !== 'string') throw new HealthPollError('invalid', 'no status');
  return { values: new Map(), statuses: null, dropped: 0 };
}

function readValues(
  endpoint: HealthEndpoint,
  body: Readonly<Record<string, unknown>>,
): Pick<HealthReading, 'values' | 'dropped'> {
  const values = new Map<HealthField, number>();
  let dropped = 0;
  for (const [field, kind] of Object.entries(HEALTH_FIELDS[endpoint])) {
    if (!Object.hasOwn(body, field)) continue;
    const value = kind === 'flag' ? readFlag(body[field]) : readAmount(body[field]);
    if (value === null) dropped += 1;
    else values.set(field as HealthField, value);
  }
  return { values, dropped };
}

function readStatuses(
  body: Readonly<Record<string, unknown>>,
  toLabel: (status: string) => string,
): Pick<HealthReading, 'statuses' | 'dropped'> {
  if (!Object.hasOwn(body, 'status_distribution')) return NO_STATUSES;
  const distribution = body.status_distribution;
  if (!isRecord(distribution)) return { statuses: null, dropped: 1 };
  const statuses = new Map<string, number>();
  let dropped = 0;
  for (const [status, entry] of Object.entries(distribution)) {
    const count = readAmount(entry);
    if (count === null) {
      dropped += 1;
      continue;
    }
    const label = toLabel(status);
    statuses.set(label, (statuses.get(label) ?? 0) + count);
  }
  return { statuses, dropped };
}

/** A number from 0 to 2^53 − 1, so that sums stay finite; -0 becomes 0. */
function readAmount(value: unknown): number | null {
  const isAmount = typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  return isAmount ? Math.abs(value) : null;
}

/** True and false, or an amount: some services say how many entries a cache holds. */
function readFlag(value: unknown): 0 | 1 | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const amount = readAmount(value);
  return amount === null ? null : amount > 0 ? 1 : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
