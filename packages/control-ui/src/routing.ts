/**
 * Where the page is, as the part of the address after `#`: `#/models/requests/req_1?window=1h`.
 *
 * The server never sees it, so nothing of it reaches a log. It does not know which pages there are.
 */

export interface Route {
  /** The first word; empty at the start. */
  readonly page: string;
  /** The further words, unescaped. */
  readonly rest: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

export function parseRoute(hash: string): Route {
  const [path, search] = splitOnce(hash.replace(/^#/, ''), '?');
  const [page = '', ...rest] = path.split('/').filter(Boolean).map(unescape);
  return { page, rest, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** The reverse: words and values are escaped; values that are undefined or empty are left out. */
export function routeHash(words: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const search = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []))).toString();
  return `#/${words.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** A token handed over as `#token=…`, and what is to stand in the address instead of it. */
export interface TokenInHash {
  readonly token: string;
  readonly restHash: string;
}

/** A link of `openclaw dashboard`: the token stands where no server and no log sees it, and is taken out at once. */
export function takeToken(hash: string): TokenInHash | undefined {
  const [path, search] = hash.startsWith('#/') ? splitOnce(hash.slice(1), '?') : (['', hash.replace(/^#/, '')] as const);
  const values = new URLSearchParams(search);
  const token = values.get('token');
  if (token === null) return undefined;
  values.delete('token');
  const others = values.toString();
  return { token: token.trim(), restHash: path === '' ? '' : `#${path}${others === '' ? '' : `?${others}`}` };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const index = text.indexOf(separator);
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + separator.length)];
}

/** What cannot be unescaped is taken as it is: an address that somebody mistyped is no failure of the page. */
function unescape(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
