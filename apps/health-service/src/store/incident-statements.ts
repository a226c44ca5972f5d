import { type SqlRow, type SqlStatement, toStatement, toStorableText } from '@gatewayz/database';
import { sql } from 'kysely';
import type { Incident } from '../core/types.ts';
import type { IncidentQuery } from './health-store.ts';
import type { Builder } from './schema.ts';

/** Reads a row of the incident table. */
export function toIncident(row: SqlRow): Incident {
  return JSON.parse(String(row.document)) as Incident;
}

/** Writes the statements for the table of incidents. */
export class IncidentStatements {
  readonly #db: Builder;

  constructor(db: Builder) {
    this.#db = db;
  }

  put(incident: Incident): SqlStatement {
    const columns = {
      provider: toStorableText(incident.provider),
      status: incident.status,
      severity: incident.severity,
      opened_at_ms: incident.openedAtMs,
      is_absorbed: incident.absorbedInto === null ? 0 : 1,
      document: JSON.stringify(incident),
    };
    return toStatement(
      this.#db
        .insertInto('incidents')
        .values({ id: toStorableText(incident.id), ...columns })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(columns)),
    );
  }

  open(): SqlStatement {
    return toStatement(
      this.#db
        .selectFrom('incidents')
        .select('document')
        // A literal, as in the partial index: a bound value would not let SQLite use it.
        .where('status', '<>', sql.lit('resolved'))
        .orderBy('opened_at_ms', 'desc')
        .orderBy('id', 'desc'),
    );
  }

  find({ statuses, severities, provider, absorbed = true, limit, before }: IncidentQuery): SqlStatement {
    let query = this.#db
      .selectFrom('incidents')
      .select('document')
      .orderBy('opened_at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    if (statuses !== undefined && statuses.length > 0) query = query.where('status', 'in', statuses);
    if (severities !== undefined && severities.length > 0) query = query.where('severity', 'in', severities);
    if (provider !== undefined) query = query.where('provider', '=', toStorableText(provider));
    if (!absorbed) query = query.where('is_absorbed', '=', 0);
    if (before !== undefined) {
      query = query.where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('opened_at_ms', 'id'),
          '<',
          selectFrom('incidents as last')
            .select(['last.opened_at_ms', 'last.id'])
            .where('last.id', '=', toStorableText(before))
            .$asTuple('opened_at_ms', 'id'),
        ),
      );
    }
    return toStatement(query);
  }

  byId(id: string): SqlStatement {
    return toStatement(
      this.#db.selectFrom('incidents').select('document').where('id', '=', toStorableText(id)),
    );
  }
}
