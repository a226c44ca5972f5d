import { parseArgs } from 'node:util';

export interface CheckArguments {
  readonly files: readonly string[];
  readonly prometheus: string;
  readonly hours: number;
  readonly isJson: boolean;
  readonly isStrict: boolean;
}

/** A command line that cannot be followed. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const USAGE =
  'npm run check-dashboards -- FILE.json … [--prometheus URL] [--hours N] [--strict] [--json]';

const DEFAULT_PROMETHEUS = 'http://127.0.0.1:9090';

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        prometheus: { type: 'string' },
        hours: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Reads the command line; `PROMETHEUS_URL` stands for `--prometheus`. Throws a UsageError. */
export function readArguments(args: readonly string[], environment: NodeJS.ProcessEnv): CheckArguments {
  const { values, positionals } = readFlags(args);
  const prometheus = values.prometheus ?? (environment.PROMETHEUS_URL || DEFAULT_PROMETHEUS);
  const hours = Number(values.hours);
  if (positionals.length === 0) throw new UsageError('no file was named');
  if (!/^https?:\/\//.test(prometheus) || !URL.canParse(prometheus)) {
    throw new UsageError('--prometheus: expected an http:// or https:// URL');
  }
  if (!(hours > 0 && hours <= 24 * 365))
    throw new UsageError(`--hours: expected 0 to 8760, received ${values.hours}`);
  return { files: positionals, prometheus, hours, isJson: values.json, isStrict: values.strict };
}
