import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

type Row = Readonly<Record<string, unknown>>;

/** All that the database says about money. */
export interface Books {
  readonly charges: readonly Charge[];
  readonly grants: readonly Row[];
  readonly users: readonly Balance[];
  readonly keys: readonly Balance[];
  readonly reservations: readonly Row[];
}

export interface Charge {
  readonly requestId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Null: no price is known. */
  readonly costMicroUsd: number | null;
  readonly creditsMicro: number;
  readonly isEstimated: boolean;
}

export interface Balance {
  readonly id: string;
  readonly chargedMicro: number;
  readonly reservedMicro: number;
}

/** Reads the books of a gateway that has been stopped from its file, or of any from Postgres. */
export async function readBooks(place: { readonly file: string } | { readonly url: string }): Promise<Books> {
  if ('url' in place) return readPostgres(place.url);
  const database = new DatabaseSync(place.file, { readOnly: true });
  try {
    return await read(async (sql) => database.prepare(sql).all());
  } finally {
    database.close();
  }
}

async function readPostgres(url: string): Promise<Books> {
  const client = new Client(url);
  await client.connect();
  try {
    return await read(async (sql) => (await client.query<Row>(sql)).rows);
  } finally {
    await client.end();
  }
}

async function read(query: (sql: string) => Promise<readonly Row[]>): Promise<Books> {
  const ledger = await query('select * from ledger order by at_ms, request_id');
  return {
    charges: ledger.filter(({ kind }) => kind === 'charge').map(toCharge),
    grants: ledger.filter(({ kind }) => kind !== 'charge'),
    users: (await query('select * from users order by id')).map(toBalance),
    keys: (await query('select * from api_keys order by id')).map(toBalance),
    reservations: await query('select * from reservations'),
  };
}

function toCharge(row: Row): Charge {
  return {
    requestId: String(row.request_id),
    userId: String(row.user_id),
    keyId: String(row.key_id),
    model: String(row.model),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    costMicroUsd: row.cost_micro_usd === null ? null : Number(row.cost_micro_usd),
    creditsMicro: Number(row.credits_micro),
    isEstimated: Number(row.is_estimated) === 1,
  };
}

function toBalance(row: Row): Balance {
  return {
    id: String(row.id),
    chargedMicro: Number(row.charged_micro),
    reservedMicro: Number(row.reserved_micro),
  };
}

/** What is wrong with the books in themselves: sums that are not those of their rows, and what is held for nobody. */
export function findImbalance(books: Books): readonly string[] {
  const sum = (owner: 'userId' | 'keyId', id: string): number =>
    books.charges.reduce((total, charge) => total + (charge[owner] === id ? charge.creditsMicro : 0), 0);
  const owners = [
    ...books.users.map((user) => ({ ...user, owed: sum('userId', user.id) })),
    ...books.keys.map((key) => ({ ...key, owed: sum('keyId', key.id) })),
  ];
  return [
    ...owners.flatMap(({ id, chargedMicro, owed }) =>
      chargedMicro === owed ? [] : [`${id} was charged ${chargedMicro}, and its requests cost ${owed}`],
    ),
    ...owners.flatMap(({ id, reservedMicro }) =>
      reservedMicro === 0 ? [] : [`${reservedMicro} are still held for ${id}`],
    ),
    ...books.reservations.map(({ request_id: id }) => `${String(id)} is still reserved`),
  ];
}
