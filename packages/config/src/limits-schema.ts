import { z } from 'zod';
import type { LedgerConfig, RateLimitsConfig, ResponseCacheConfig } from './config.ts';

const limit = z.number().int().min(1).max(1_000_000_000).nullable().default(null);
const bytes = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1024).max(1_073_741_824).default(fallback);

/** The section `ledger` of the configuration file. */
export const ledgerSchema: z.ZodType<LedgerConfig> = z
  .strictObject({
    enabled: z.boolean().default(true),
    creditsPerUsd: z.number().gt(0).max(1_000_000).default(1),
    defaultOutputTokens: z.number().int().min(1).max(1_000_000).default(1024),
  })
  .prefault({});

/** The section `rateLimits`. */
export const rateLimitsSchema: z.ZodType<RateLimitsConfig> = z
  .strictObject({
    key: z
      .strictObject({ requestsPerMinute: limit, tokensPerMinute: limit, concurrency: limit })
      .prefault({}),
    user: z.strictObject({ requestsPerMinute: limit, tokensPerMinute: limit }).prefault({}),
  })
  .prefault({});

/** The section `responseCache`. */
export const responseCacheSchema: z.ZodType<ResponseCacheConfig> = z
  .strictObject({
    enabled: z.boolean().default(false),
    scope: z.enum(['key', 'user', 'all']).default('key'),
    ttlMs: z.number().int().min(1).max(86_400_000).default(300_000),
    maxEntryBytes: bytes(262_144),
    maxBytes: bytes(67_108_864),
  })
  .prefault({});
