import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Database } from '@gatewayz/database';
import { z } from 'zod';
import { invalidRequest } from '../api-error.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import { shownTime, showTime } from './fields.ts';

/** Beside the database. */
const FOLDER = 'backups';

export interface BackupParts {
  readonly database: Database;
  readonly epochNow: () => number;
}

/** The endpoint for a copy of the SQLite database, made while it is in use. */
export function backupEndpoint({ database, epochNow }: BackupParts): Endpoint {
  return defineEndpoint({
    method: 'POST',
    path: '/admin/backups',
    summary: 'Copy the SQLite database into a file beside it, while it is in use',
    status: 201,
    result: z.strictObject({
      object: z.literal('backup'),
      file: z.string().meta({ description: "On the gateway's own machine." }),
      bytes: z.int(),
      created_at: shownTime,
    }),
    handle: async () => {
      if (database.file === null || database.backup === null) {
        const message = 'Accounts and ledger are in Postgres: back it up with pg_dump.';
        throw invalidRequest(message, { status: 409, code: 'conflict' });
      }
      const createdAt = showTime(epochNow());
      const name = `gateway-${createdAt.replaceAll(':', '-')}.sqlite`;
      const file = join(dirname(database.file), FOLDER, name);
      await database.backup(file);
      return { object: 'backup' as const, file, bytes: (await stat(file)).size, created_at: createdAt };
    },
  });
}
