/** Where something answers: its URL without credentials, and the headers that carry them. */
export interface Place {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads an `http:` or `https:` URL, user and password becoming a header; null where it is none. */
export function readPlace(text: string): Place | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (username === '' && password === '') return { url: url.href, headers: {} };
  const pair = `${decode(username)}:${decode(password)}`;
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** The same place with a path below its own. */
export function below({ url, headers }: Place, path: string): Place {
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/+$/, '')}${path}`;
  return { url: target.href, headers };
}

/** A place for people: no credentials, no query, no slash at the end. */
export function showPlace({ url }: Place): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
