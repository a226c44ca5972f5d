import type { LokiLimits } from './loki-limits.ts';
import type { LokiEntry, PushedStream } from './read-push.ts';

/** One stream, its entries as they came. */
export interface StoredStream {
  readonly tenant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: readonly LokiEntry[];
}

/** Loki's own names for why an entry is refused. */
export type DiscardReason =
  | 'missing_labels'
  | 'invalid_labels'
  | 'max_label_names_per_series'
  | 'label_name_too_long'
  | 'label_value_too_long'
  | 'greater_than_max_sample_age'
  | 'too_far_in_future'
  | 'line_too_long'
  | 'disallowed_structured_metadata'
  | 'structured_metadata_too_large'
  | 'structured_metadata_too_many'
  | 'too_far_behind';

export interface StoreResult {
  readonly accepted: number;
  readonly discarded: number;
  /** Of the first that was. */
  readonly reason: DiscardReason | null;
}

interface OwnStream {
  readonly tenant: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: LokiEntry[];
  readonly seen: Set<string>;
  newest: bigint;
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PER_MS = 1_000_000n;

function labelProblem(labels: Readonly<Record<string, string>>, limits: LokiLimits): DiscardReason | null {
  const names = Object.keys(labels);
  if (names.length === 0) return 'missing_labels';
  if (names.length > limits.maxLabelNames) return 'max_label_names_per_series';
  for (const name of names) {
    if (!LABEL_NAME.test(name)) return 'invalid_labels';
    if (Buffer.byteLength(name) > limits.maxLabelNameBytes) return 'label_name_too_long';
    if (Buffer.byteLength(labels[name] ?? '') > limits.maxLabelValueBytes) return 'label_value_too_long';
  }
  return null;
}

function metadataBytes({ metadata }: LokiEntry): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}

function entryProblem(entry: LokiEntry, limits: LokiLimits, nowMs: number): DiscardReason | null {
  const now = BigInt(Math.floor(nowMs)) * PER_MS;
  if (entry.timestamp < now - BigInt(limits.maxAgeMs) * PER_MS) return 'greater_than_max_sample_age';
  if (entry.timestamp > now + BigInt(limits.maxAheadMs) * PER_MS) return 'too_far_in_future';
  if (Buffer.byteLength(entry.line) > limits.maxLineBytes) return 'line_too_long';
  const metadataCount = Object.keys(entry.metadata).length;
  if (metadataCount === 0) return null;
  if (!limits.allowsMetadata) return 'disallowed_structured_metadata';
  if (metadataCount > limits.maxMetadataEntries) return 'structured_metadata_too_many';
  return metadataBytes(entry) > limits.maxMetadataBytes ? 'structured_metadata_too_large' : null;
}

/** The bytes that Loki's rate limit counts. */
export function pushedBytes(streams: readonly PushedStream[]): number {
  let bytes = 0;
  for (const { entries } of streams) {
    for (const entry of entries) bytes += Buffer.byteLength(entry.line) + metadataBytes(entry);
  }
  return bytes;
}

/**
 * Keeps entries as Loki does: each is judged by itself, the good ones of a batch stay when others are refused, and
 * one with the time and text of another in its stream is that one.
 */
export class LokiStore {
  readonly #limits: LokiLimits;
  readonly #streams = new Map<string, OwnStream>();
  readonly #discarded = new Map<DiscardReason, number>();
  #accepted = 0;
  #duplicates = 0;
  #outOfOrder = 0;

  constructor(limits: LokiLimits) {
    this.#limits = limits;
  }

  get streams(): readonly StoredStream[] {
    return [...this.#streams.values()];
  }

  get accepted(): number {
    return this.#accepted;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Accepted entries that were older than one before them in their stream. */
  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  discarded(): Readonly<Partial<Record<DiscardReason, number>>> {
    return Object.fromEntries(this.#discarded);
  }

  push(tenant: string, streams: readonly PushedStream[], nowMs: number): StoreResult {
    let accepted = 0;
    let discarded = 0;
    let reason: DiscardReason | null = null;
    for (const { labels, entries } of streams) {
      const badLabels = labelProblem(labels, this.#limits);
      for (const entry of entries) {
        const problem = badLabels ?? this.#add(tenant, labels, entry, nowMs);
        if (problem === null) accepted += 1;
        else {
          discarded += 1;
          reason ??= problem;
          this.#discarded.set(problem, (this.#discarded.get(problem) ?? 0) + 1);
        }
      }
    }
    return { accepted, discarded, reason };
  }

  #add(
    tenant: string,
    labels: PushedStream['labels'],
    entry: LokiEntry,
    nowMs: number,
  ): DiscardReason | null {
    const problem = entryProblem(entry, this.#limits, nowMs);
    if (problem !== null) return problem;
    const stream = this.#stream(tenant, labels);
    const { timestamp, line } = entry;
    if (timestamp < stream.newest - BigInt(this.#limits.orderWindowMs) * PER_MS) return 'too_far_behind';
    const id = `${timestamp} ${line}`;
    if (stream.seen.has(id)) {
      this.#duplicates += 1;
      return null;
    }
    stream.seen.add(id);
    stream.entries.push(entry);
    this.#accepted += 1;
    if (timestamp < stream.newest) this.#outOfOrder += 1;
    else stream.newest = timestamp;
    return null;
  }

  #stream(tenant: string, labels: PushedStream['labels']): OwnStream {
    const key = JSON.stringify([tenant, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = { tenant, labels, entries: [], seen: new Set(), newest: 0n };
      this.#streams.set(key, stream);
    }
    return stream;
  }
}
