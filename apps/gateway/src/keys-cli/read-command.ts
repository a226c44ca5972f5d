import { parseArgs } from 'node:util';

const USAGE = `npm run -s keys -- <command> [--json]

  create --user ID --name NAME   create a key, and the user where there is none; prints the key, once
         [--credit N]            give the user N credits
         [--budget N]            let the key spend N credits at most
         [--models a,b] [--providers a,b]
         [--rpm N] [--tpm N] [--concurrency N]
         [--expires TIME]        2027-01-31, 2027-01-31T12:00:00Z, or 30d from now
  list   [--user ID] [--status active|expired|revoked]
  show ID
  revoke ID
  backup                         copy the gateway's SQLite database beside it, while it is in use

Talks to the gateway at GATEWAYZ_URL (http://127.0.0.1:8000 by default) with ADMIN_TOKEN.
Exits with 0 when it is done, 1 where the gateway refused or could not be reached, 2 for a wrong call.`;

/** It was not said, or not rightly, what to do; or how to say it was asked. */
export class UsageError extends Error {
  readonly isHelp: boolean;

  constructor(problem: string | null) {
    super(problem === null ? USAGE : `${problem}\n\n${USAGE}`);
    this.isHelp = problem === null;
  }
}

/** What is asked for. */
export type Command = { readonly json: boolean } & (
  | {
      readonly kind: 'create';
      readonly user: string;
      readonly creditMicro: number | null;
      /** As the admin API takes it. */
      readonly key: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'list'; readonly filters: Readonly<Record<string, string>> }
  | { readonly kind: 'show' | 'revoke'; readonly id: string }
  | { readonly kind: 'backup' }
);

const OPTIONS = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  user: { type: 'string' },
  name: { type: 'string' },
  credit: { type: 'string' },
  budget: { type: 'string' },
  models: { type: 'string' },
  providers: { type: 'string' },
  rpm: { type: 'string' },
  tpm: { type: 'string' },
  concurrency: { type: 'string' },
  expires: { type: 'string' },
  status: { type: 'string' },
} as const;
type Values = { readonly [Name in keyof typeof OPTIONS]?: string | boolean | undefined } & {
  readonly [Name in Exclude<keyof typeof OPTIONS, 'json' | 'help'>]?: string | undefined;
};

/** Which options a command takes, beside those that all take. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  create: Object.keys(OPTIONS).filter((name) => name !== 'status'),
  list: ['user', 'status'],
  show: [],
  revoke: [],
  backup: [],
};

/** Reads the command line. Throws a `UsageError`. */
export function readCommand(args: readonly string[], nowMs: number = Date.now()): Command {
  const { values, positionals } = parse(args);
  const [kind = '', ...rest] = positionals;
  if (values.help === true || (kind === 'help' && rest.length === 0)) throw new UsageError(null);
  const allowed = Object.hasOwn(ALLOWED, kind) ? ALLOWED[kind] : undefined;
  if (allowed === undefined) throw new UsageError(kind === '' ? 'What is to be done?' : 'Unknown command.');
  const foreign = Object.keys(values).find((name) => name !== 'json' && !allowed.includes(name));
  if (foreign !== undefined) throw new UsageError(`${kind} takes no --${foreign}.`);
  const json = values.json === true;
  if (kind === 'show' || kind === 'revoke') {
    const [id, ...more] = rest;
    if (!id?.trim() || more.length > 0) throw new UsageError(`${kind} needs the id of one key.`);
    return { kind, id, json };
  }
  if (rest.length > 0) throw new UsageError(`${kind} takes options only.`);
  if (kind === 'backup') return { kind, json };
  return kind === 'list' ? readList(values, json) : readCreate(values, json, nowMs);
}

function parse(args: readonly string[]): {
  readonly values: Values;
  readonly positionals: readonly string[];
} {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readList({ user, status }: Values, json: boolean): Command {
  const filters = {
    ...(user === undefined ? {} : { user_id: user }),
    ...(status === undefined ? {} : { status }),
  };
  return { kind: 'list', filters, json };
}

function readCreate(values: Values, json: boolean, nowMs: number): Command {
  const { user, name, credit, budget, expires } = values;
  if (!user || !name) throw new UsageError('create needs --user and --name.');
  const key = {
    user_id: user,
    name,
    models: toNames(values.models),
    providers: toNames(values.providers),
    requests_per_minute: toCount('rpm', values.rpm),
    tokens_per_minute: toCount('tpm', values.tpm),
    concurrency: toCount('concurrency', values.concurrency),
    budget_micro: budget === undefined ? undefined : toMicro('budget', budget),
    expires_at: expires === undefined ? undefined : toTime(expires, nowMs),
  };
  const creditMicro = credit === undefined ? null : toMicro('credit', credit);
  if (creditMicro === 0) throw new UsageError('--credit: expected more than 0.');
  return { kind: 'create', user, creditMicro, key, json };
}

function toNames(list: string | undefined): readonly string[] | undefined {
  return list?.split(',').map((name) => name.trim());
}

function toCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--${option}: expected a whole number from 1 on.`);
}

/** Credits with up to six decimals, exactly. */
function toMicro(option: string, text: string): number {
  const [, whole, decimals = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new UsageError(`--${option}: expected credits with up to six decimals.`);
  return Number(whole + decimals.padEnd(6, '0'));
}

function toTime(text: string, nowMs: number): string {
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/.test(text);
  const epochMs = days === undefined ? Date.parse(text) : nowMs + Number(days) * 86_400_000;
  if ((days === undefined && !isTime) || Number.isNaN(epochMs)) {
    throw new UsageError('--expires: expected a time such as 2027-01-31 or 30d.');
  }
  if (epochMs <= nowMs) throw new UsageError('--expires: expected a time to come.');
  return new Date(epochMs).toISOString();
}
