import { z } from 'zod';
import type { LogsConfig, PrometheusConfig, TracesConfig } from './config.ts';

/** A matcher of one label, as PromQL writes it. */
const SELECTOR = /^\s*[a-zA-Z_]\w*\s*(?:=|!=|=~|!~)\s*"(?:[^"\\\n]|\\.)*"\s*$/;

/** The section `prometheus` of the configuration file. */
export const prometheusSchema: z.ZodType<PrometheusConfig> = z
  .strictObject({
    selector: z
      .string()
      .regex(SELECTOR, 'expected one label matcher, such as \'env="production"\'')
      .optional(),
  })
  .prefault({});

/** The section `logs` of the configuration file, less what the environment may say as well. */
export const logsSchema: z.ZodType<Omit<LogsConfig, 'level' | 'format' | 'environment'>> = z
  .strictObject({
    bodies: z.boolean().default(false),
    lokiTenant: z.string().min(1).max(150).optional(),
    lokiStructuredMetadata: z.boolean().default(true),
  })
  .prefault({});

/** The section `traces` of the configuration file. */
export const tracesSchema: z.ZodType<TracesConfig> = z
  .strictObject({
    toProviders: z.boolean().default(false),
    slowMs: z.number().int().min(1).max(86_400_000).default(30_000),
  })
  .prefault({});
