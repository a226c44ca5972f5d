import type { Config, Secrets } from '@gatewayz/config';
import type { Observability } from '@gatewayz/observability';
import { describeError, log } from '../log.ts';
import { type Books, openBooks } from './open-books.ts';

/** Opens accounts and ledger; the database's calls, connections and backlog become metrics. */
export async function openGatewayBooks(
  { dataDir }: Config,
  { databaseUrl }: Secrets,
  { metrics, registry, pool }: Observability,
  worker: number | null = null,
): Promise<Books> {
  const connections = pool('gateway');
  const books = await openBooks({
    databaseUrl,
    dataFolder: dataDir,
    worker,
    onQuery(query) {
      metrics.database.query(query, query.seconds);
      if (query.error !== null) connections.error(query.error);
    },
    onTrouble: (message, error) => log('error', message, describeError(error)),
  });
  registry.collector('ledger', () => {
    const { size, active } = books.database.connections();
    connections.set({ size, active, idle: size - active });
    metrics.money.ledgerBacklog(books.settlements.backlog());
  });
  return books;
}
