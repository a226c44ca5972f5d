import { type AdminClient, AdminError } from './admin-client.ts';
import { toFields, toTable } from './format-table.ts';
import type { Command } from './read-command.ts';

type Answer = Readonly<Record<string, unknown>>;

const PAGE = 200;
const COLUMNS = ['id', 'user_id', 'name', 'hint', 'status', 'created_at', 'expires_at', 'charged'] as const;

/** Does what was asked for and prints what came of it. Rejects with an `AdminError`. */
export async function runCommand(
  command: Command,
  client: AdminClient,
  print: (text: string) => void,
): Promise<void> {
  switch (command.kind) {
    case 'create':
      return create(command, client, print);
    case 'list': {
      const keys = await listKeys(client, command.filters);
      print(command.json ? toJson(keys) : toTable(COLUMNS, keys.map(toShown)));
      return;
    }
    case 'show':
    case 'revoke': {
      const path = `/admin/keys/${encodeURIComponent(command.id)}`;
      const key = await (command.kind === 'show'
        ? client.ask('GET', path)
        : client.ask('POST', `${path}/revoke`));
      print(command.json ? toJson(key) : toFields(toShown(key)));
      return;
    }
    case 'backup': {
      const made = await client.ask('POST', '/admin/backups');
      print(command.json ? toJson(made) : String(made.file));
      return;
    }
    default:
      return command satisfies never;
  }
}

/** The key is printed before credit is given: if that fails, it is not lost. */
async function create(
  { user, creditMicro, key, json }: Extract<Command, { kind: 'create' }>,
  client: AdminClient,
  print: (text: string) => void,
): Promise<void> {
  await client.ask('POST', '/admin/users', { id: user }).catch((error: unknown) => {
    if (!(error instanceof AdminError && error.code === 'already_exists')) throw error;
  });
  const created = await client.ask('POST', '/admin/keys', key);
  if (json) print(toJson(created));
  else {
    const { token, ...rest } = created;
    print(
      `${toFields(toShown(rest))}\n\n${String(token)}\n\nThe line above is the key. It is not shown again.`,
    );
  }
  if (creditMicro === null) return;
  const given = await client.ask('POST', `/admin/users/${encodeURIComponent(user)}/credits`, {
    amount_micro: creditMicro,
    idempotency_key: `with-key:${String(created.id)}`,
  });
  if (!json) print(`${user} has ${toCredits(given.balance_micro)} credits.`);
}

async function listKeys(
  client: AdminClient,
  filters: Readonly<Record<string, string>>,
): Promise<readonly Answer[]> {
  const keys: Answer[] = [];
  for (;;) {
    const last = keys.at(-1)?.id;
    const after = last === undefined ? {} : { after: String(last) };
    const query = new URLSearchParams({ ...filters, limit: String(PAGE), ...after });
    const page = await client.ask('GET', `/admin/keys?${query}`);
    const { data = [] } = page as { readonly data?: readonly Answer[] };
    keys.push(...data);
    if (page.has_more !== true || data.length === 0) return keys;
  }
}

/** Without what says nothing, and amounts in credits. */
function toShown({ object: _, ...key }: Answer): Answer {
  const fields = Object.entries(key).flatMap(([name, value]) => {
    const isAmount = name.endsWith('_micro');
    const shown = Array.isArray(value) ? value.join(',') : isAmount ? toCredits(value) : value;
    return value === null ? [] : [[isAmount ? name.slice(0, -'_micro'.length) : name, shown] as const];
  });
  return Object.fromEntries(fields);
}

function toCredits(micro: unknown): string {
  const amount = Number(micro);
  const digits = String(Math.abs(amount)).padStart(7, '0');
  const decimals = digits.slice(-6).replace(/0+$/, '');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -6)}${decimals === '' ? '' : `.${decimals}`}`;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
