import { z } from 'zod';
import type { LedgerConfig, RateLimitsConfig, ResponseCacheConfig } from './config.ts';

const limit = z.number().int().min(1).max(1_000_000_000).nullable().default(null);
const bytes = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1024).max(1_073_741_824).default(fallback);

/** The section `ledger` of the configuration file. */
export const ledgerSchema: z.ZodType<LedgerConfig> = z
  .strictObject({
    enabled: z.boolean().default(true),
    // Micro-credits are held exactly up to 2^53: with more to a dollar, what a user spends would not fit.
    creditsPerUsd: z.number().gt(0).max(10_000).default(1),
    unpriced: z.enum(['refuse', 'allow']).default('refuse'),
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
    leaseMs: z.number().int().min(1000).max(300_000).default(15_000),
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
