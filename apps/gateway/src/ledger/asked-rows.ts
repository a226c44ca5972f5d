import type { SqlDialect, SqlValue } from '@gatewayz/database';

/** A column of the rows that a statement is given, in their order. */
export type AskedColumn = readonly [name: string, type: 'text' | 'whole'];

/**
 * A select of the rows in a parameter, which is a JSON list of lists; `ordinal` is a row's place. One text for groups
 * of every size: it is written once, and a database need not read it again.
 */
export function selectAsked(dialect: SqlDialect, parameter: number, columns: readonly AskedColumn[]): string {
  const fields = columns.map(([name, type], index) => {
    const value = `value ->> ${index}`;
    return `${type === 'text' ? value : `cast(${value} as bigint)`} as ${name}`;
  });
  const rows =
    dialect === 'sqlite'
      ? `json_each(?${parameter})`
      : // Of `json` the text would be read anew for each column.
        `jsonb_array_elements(cast($${parameter} as jsonb)) with ordinality as each(value, key)`;
  return `select ${['key as ordinal', ...fields].join(', ')} from ${rows}`;
}

/** Whether a column is one of the texts in a parameter, which is a JSON list. */
export function isAmong(dialect: SqlDialect, column: string, parameter: number): string {
  if (dialect === 'sqlite') return `${column} in (select value from json_each(?${parameter}))`;
  // An array is looked up in the index one by one; a select may be joined with all of the table instead.
  return `${column} = any(array(select json_array_elements_text(cast($${parameter} as json))))`;
}

/** How a parameter is written that stands for one text or number. */
export function parameterOf(dialect: SqlDialect, parameter: number, type: 'text' | 'bigint'): string {
  return `cast(${dialect === 'sqlite' ? '?' : '$'}${parameter} as ${type})`;
}

/** Rows as the parameter of a statement. */
export function toParameter(rows: readonly (SqlValue | readonly SqlValue[])[]): string {
  return JSON.stringify(rows);
}
