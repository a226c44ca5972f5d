type Row = Readonly<Record<string, unknown>>;

/** Lines rows up under the names of their columns. */
export function toTable(columns: readonly string[], rows: readonly Row[]): string {
  const lines = [
    columns.map((name) => name.toUpperCase()),
    ...rows.map((row) => columns.map((name) => toCell(row[name]))),
  ];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One field a line. */
export function toFields(row: Row): string {
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  return Object.entries(row)
    .map(([name, value]) => `${name.padEnd(width)}  ${toCell(value)}`)
    .join('\n');
}

/** What comes from elsewhere must not steer the terminal. */
function toCell(value: unknown): string {
  return String(value ?? '-').replaceAll(/\p{Cc}/gu, '?');
}
