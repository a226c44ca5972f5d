/** The value of a header that may come several times, as one list; '' where there is none. */
export function joinHeader(header: unknown): string {
  if (typeof header === 'string') return header;
  if (!Array.isArray(header)) return '';
  return header.filter((value) => typeof value === 'string').join(',');
}
