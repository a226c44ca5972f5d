import type { DatabaseSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { backUpSqlite } from './back-up-sqlite.ts';
import { openSqliteDatabase } from './open-sqlite-database.ts';
import { toSqliteFailure } from './sqlite-failure.ts';
import { SqliteJobs } from './sqlite-jobs.ts';
import type { SqliteAnswer, SqliteRequest, SqliteWorkerData } from './sqlite-messages.ts';

/** A group is one transaction: larger ones gain nothing, and a failing disk would take more with it. */
const MAX_GROUP = 500;

const data = workerData as SqliteWorkerData;

function takeQueued(first: SqliteRequest, port: MessagePort): readonly SqliteRequest[] {
  const group = [first];
  while (group.length < MAX_GROUP) {
    const next = receiveMessageOnPort(port) as { readonly message: SqliteRequest } | undefined;
    if (next === undefined) break;
    group.push(next.message);
  }
  return group;
}

function serve(database: DatabaseSync, port: MessagePort): void {
  const jobs = new SqliteJobs(database);
  const answer = (message: SqliteAnswer): void => port.postMessage(message);
  const backUp = async ({ id, file }: Extract<SqliteRequest, { kind: 'backup' }>): Promise<void> => {
    try {
      await backUpSqlite(database, file);
      answer({ kind: 'rows', id, rows: [] });
    } catch (error) {
      answer({ kind: 'failed', id, failure: toSqliteFailure(error, file) });
    }
  };
  port.on('message', (first: SqliteRequest) => {
    const group = takeQueued(first, port);
    const runs = group.filter((request) => request.kind === 'run');
    const results = runs.length === 0 ? [] : jobs.runGroup(runs);
    results.forEach((result, index) => {
      const id = runs[index]?.id ?? -1;
      if (result.ok) answer({ kind: 'rows', id, rows: result.rows });
      else answer({ kind: 'failed', id, failure: toSqliteFailure(result.error, data.file) });
    });
    for (const request of group) if (request.kind === 'backup') void backUp(request);
    if (group.some(({ kind }) => kind === 'close')) {
      database.close();
      port.close();
    }
  });
  answer({ kind: 'opened' });
}

if (parentPort !== null) {
  try {
    serve(openSqliteDatabase(data), parentPort);
  } catch (error) {
    const refused: SqliteAnswer = { kind: 'refused', failure: toSqliteFailure(error, data.file) };
    parentPort.postMessage(refused);
    parentPort.close();
  }
}
