import { z } from 'zod';
import type { HealthServiceConfig, MaintenanceConfig } from './config.ts';

const interval = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1000).max(86_400_000).default(fallback);
const count = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).max(10_000).default(fallback);

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:\/\//.test(text), 'expected an http:// or https:// URL')
  .optional();

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'expected a time of day, such as "22:30"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const instant = z.iso
  .datetime({ offset: true, error: 'expected a time with its offset, such as "2026-01-31T22:30:00Z"' })
  .transform((text) => Date.parse(text));

const scope = { provider: z.string().optional(), model: z.string().optional() };

const maintenance: z.ZodType<MaintenanceConfig> = z.union([
  z
    .strictObject({ ...scope, from: instant, to: instant })
    .refine(({ from, to }) => from < to, 'expected "to" to be after "from"')
    .transform(({ from, to, ...rest }) => ({ ...rest, fromEpochMs: from, toEpochMs: to })),
  z
    .strictObject({ ...scope, weekdays: z.array(z.enum(WEEKDAYS)).min(1), from: timeOfDay, to: timeOfDay })
    .transform(({ weekdays, from, to, ...rest }) => ({
      ...rest,
      weekdays: weekdays.map((day) => WEEKDAYS.indexOf(day)),
      fromMinute: from,
      toMinute: to,
    })),
]);

/** The section `healthService` of the configuration file. */
export const healthServiceSchema: z.ZodType<HealthServiceConfig> = z
  .strictObject({
    embedded: z.boolean().default(true),
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(8001),
    backendUrl: httpUrl,
    tiers: z.record(z.string(), z.enum(['critical', 'popular', 'standard', 'on_demand'])).default({}),
    intervals: z
      .strictObject({
        criticalMs: interval(300_000),
        popularMs: interval(1_800_000),
        standardMs: interval(7_200_000),
        onDemandMs: interval(14_400_000),
        failingMs: interval(300_000),
      })
      .prefault({}),
    probes: z
      .strictObject({
        completions: z.boolean().default(true),
        timeoutMs: interval(20_000),
        concurrency: count(8),
        concurrencyPerProvider: count(2),
        perMinutePerProvider: count(20),
      })
      .prefault({}),
    budget: z
      .strictObject({
        tokensPerDay: z.number().int().min(0).max(1_000_000_000).default(200_000),
        usdPerDay: z.number().min(0).max(1_000_000).default(0.5),
      })
      .prefault({}),
    connectivityUrl: httpUrl,
    maintenance: z.array(maintenance).default([]),
  })
  .prefault({});
