/** Where lines are pushed, with what. */
export interface LokiTarget {
  /** The full push URL, without userinfo. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LokiAddress {
  /** `http://loki:3100`, a prefix before Loki's paths, or the full push URL; basic auth may be in it. */
  readonly url: string;
  /** The tenant, for `X-Scope-OrgID`. */
  readonly tenant?: string;
  readonly username?: string;
  readonly password?: string;
}

const PUSH_PATH = '/loki/api/v1/push';

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function pushPath(pathname: string): string {
  const path = pathname.replace(/\/+$/, '');
  return path.endsWith('/push') ? path : `${path}${PUSH_PATH}`;
}

/** Reads an address; a text says what is wrong with it, without showing it. */
export function readLokiTarget({ url: text, tenant, username, password }: LokiAddress): LokiTarget | string {
  if (!URL.canParse(text)) return 'the URL of Loki cannot be read; expected: http://host:3100';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `the URL of Loki must begin with http:// or https://, not ${url.protocol}`;
  }
  const user = username ?? decode(url.username);
  const secret = password ?? decode(url.password);
  url.username = '';
  url.password = '';
  url.hash = '';
  url.pathname = pushPath(url.pathname);
  if (tenant !== undefined && !/^[\x21-\x7e]{1,150}$/.test(tenant)) {
    return 'the tenant of Loki must be 1 to 150 printable characters';
  }
  return {
    url: url.href,
    headers: {
      ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }),
      ...(user === '' && secret === ''
        ? {}
        : { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` }),
    },
  };
}
