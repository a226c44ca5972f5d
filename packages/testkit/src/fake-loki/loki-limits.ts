/** What a Loki 3 takes by default, in its own terms. */
export interface LokiLimits {
  readonly maxLabelNames: number;
  readonly maxLabelNameBytes: number;
  readonly maxLabelValueBytes: number;
  readonly maxLineBytes: number;
  readonly maxMetadataBytes: number;
  readonly maxMetadataEntries: number;
  /** `allow_structured_metadata`. */
  readonly allowsMetadata: boolean;
  /** `reject_old_samples_max_age`. */
  readonly maxAgeMs: number;
  /** `creation_grace_period`. */
  readonly maxAheadMs: number;
  /** How far behind its stream's newest entry one may be: half of `max_chunk_age`. */
  readonly orderWindowMs: number;
  /** `ingestion_rate_mb`, in bytes of lines and metadata a second; `null`: no limit. */
  readonly bytesPerSecond: number | null;
  /** Of a body, unpacked. */
  readonly maxBodyBytes: number;
}

const HOUR_MS = 3_600_000;

export const LOKI_LIMITS: LokiLimits = {
  maxLabelNames: 15,
  maxLabelNameBytes: 1_024,
  maxLabelValueBytes: 2_048,
  maxLineBytes: 262_144,
  maxMetadataBytes: 65_536,
  maxMetadataEntries: 128,
  allowsMetadata: true,
  maxAgeMs: 168 * HOUR_MS,
  maxAheadMs: 600_000,
  orderWindowMs: HOUR_MS,
  bytesPerSecond: null,
  maxBodyBytes: 100_000_000,
};
