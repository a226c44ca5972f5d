import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { QueryEvent } from '@gatewayz/database';
import type { Incident, MinuteRow } from '../core/types.ts';
import type { HealthStore } from './health-store.ts';
import { openHealthStore } from './open-health-store.ts';

/** A store on new, empty data, which goes with it. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: HealthStore;
  /** Opens one more store on the same data; the first one is closed where only one can be open. */
  reopen(): Promise<HealthStore>;
}

/** One implementation of the store, for tests that every one has to pass. */
export interface StoreKind {
  readonly name: string;
  readonly isShared: boolean;
  open(onQuery: (event: QueryEvent) => void): Promise<OpenedStore>;
}

export const START_MS: number = Date.UTC(2026, 0, 31, 10);

/** A sample of nothing, so many minutes after `START_MS`. */
export function minute(minutesIn: number, row: Partial<MinuteRow> = {}): MinuteRow {
  return {
    providerName: 'groq',
    modelName: 'llama',
    minuteEpochMs: START_MS + minutesIn * 60_000,
    ok: 0,
    failed: 0,
    unknown: 0,
    maintenance: 0,
    upMs: 0,
    downMs: 0,
    latencySumMs: 0,
    latencyMaxMs: 0,
    ...row,
  };
}

/** An open incident with hostile text in it. */
export function incident(id: string, row: Partial<Incident> = {}): Incident {
  return {
    id,
    scope: 'provider',
    provider: 'groq',
    models: ['llama', 'mixtral'],
    type: 'timeout',
    severity: 'high',
    status: 'open',
    openedAtMs: START_MS,
    updatedAtMs: START_MS + 5,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    resolvedAtMs: null,
    absorbedInto: null,
    consecutiveFailures: 3,
    evidence: [
      { atMs: START_MS, outcome: 'timeout', detail: 'no "first" token\0 \ud800 ü', requestId: null },
    ],
    ...row,
  };
}

const sqlite: StoreKind = {
  name: 'SQLite',
  isShared: false,
  open: async (onQuery) => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'gatewayz-store-'));
    const opened = [await openHealthStore({ url: null, dataFolder, onQuery })] as [
      HealthStore,
      ...HealthStore[],
    ];
    const closeAll = (): Promise<unknown> => Promise.all(opened.map((store) => store.close()));
    return {
      store: opened[0],
      reopen: async () => {
        await closeAll();
        const store = await openHealthStore({ url: null, dataFolder, onQuery });
        opened.push(store);
        return store;
      },
      [Symbol.asyncDispose]: async () => {
        await closeAll();
        await rm(dataFolder, { recursive: true });
      },
    };
  },
};

const runFile = promisify(execFile);

let databases = 0;

/** A server on which databases can be made. */
type Server = { readonly url: string; readonly programsFolder: string };

async function createDatabase({ url, programsFolder }: Server): Promise<string> {
  const name = `store_${databases++}`;
  await runFile(join(programsFolder, 'psql'), [url, '-c', `create database ${name}`]);
  return url.replace(/\/postgres$/, `/${name}`);
}

/** Every implementation. The Postgres has to be there when a store is opened. */
export function storeKinds(server: () => Server): readonly StoreKind[] {
  const postgres: StoreKind = {
    name: 'Postgres',
    isShared: true,
    open: async (onQuery) => {
      const url = await createDatabase(server());
      const opened = [await openHealthStore({ url, dataFolder: '', onQuery })] as [
        HealthStore,
        ...HealthStore[],
      ];
      return {
        store: opened[0],
        reopen: async () => {
          const store = await openHealthStore({ url, dataFolder: '', onQuery });
          opened.push(store);
          return store;
        },
        [Symbol.asyncDispose]: async () => {
          await Promise.all(opened.map((store) => store.close()));
        },
      };
    },
  };
  return [sqlite, postgres];
}
