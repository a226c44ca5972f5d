/** Percent-encodes all but Grafana's `${…}` placeholders, which it would no longer find. */
function encodeAround(text: string): string {
  return text
    .split(/(\$\{[^}]*\})/)
    .map((part) => (part.startsWith('$') ? part : encodeURIComponent(part)))
    .join('');
}

/** Grafana's `${name}`. */
export function placeholder(name: string): string {
  return `\${${name}}`;
}

/** The link of a panel to the log lines behind a series: in Explore, at the time of the dashboard. */
export function toLogsLink(expression: string): string {
  const panes = {
    logs: {
      datasource: placeholder('loki'),
      queries: [{ refId: 'A', datasource: { type: 'loki', uid: placeholder('loki') }, expr: expression }],
      range: { from: placeholder('__from'), to: placeholder('__to') },
    },
  };
  return `/explore?schemaVersion=1&panes=${encodeAround(JSON.stringify(panes))}`;
}

/** The query of such a link, with its placeholders; null where it is none. */
export function readLogsLink(url: string): string | null {
  const panes = /^\/explore\?schemaVersion=1&panes=(.*)$/.exec(url)?.[1];
  if (panes === undefined) return null;
  const { logs } = JSON.parse(decodeURIComponent(panes)) as {
    logs?: { queries?: readonly { expr?: string }[] };
  };
  return logs?.queries?.[0]?.expr ?? null;
}
