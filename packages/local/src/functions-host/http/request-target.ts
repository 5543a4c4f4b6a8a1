/** The parts of a request target, as Kestrel splits it. */
export interface RequestTarget {
  /** The path to match routes against: percent-decoded except `%2F` and invalid UTF-8, without dot segments. */
  readonly path: string;
  /** The same path, encoded again. `request.url` shows it. */
  readonly encodedPath: string;
  /** The query string with its `?`, exactly as sent. Empty if no text follows a `?`. */
  readonly queryString: string;
}

/** Undefined if Kestrel would answer the target with 400. */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  if (/[^\x21-\x7e]/.test(target)) return undefined;
  // Removes the authority of the absolute form ("GET http://host/path"). It is compared with the Host header elsewhere.
  const originForm = target.replace(/^https?:\/\/[^/?]*/i, '');
  const withSlash = originForm.startsWith('/')
    ? originForm
    : originForm.startsWith('?') || originForm === ''
      ? `/${originForm}`
      : undefined;
  if (withSlash === undefined) return undefined;
  const queryStart = withSlash.indexOf('?');
  const rawPath = queryStart === -1 ? withSlash : withSlash.slice(0, queryStart);
  const decoded = decodePath(rawPath);
  if (decoded.includes('\0')) return undefined;
  const path = removeDotSegments(decoded);
  return {
    path,
    encodedPath: encodePath(path),
    queryString: queryStart === -1 || queryStart === withSlash.length - 1 ? '' : withSlash.slice(queryStart),
  };
}

/**
 * Decodes percent-encoded runs that are valid UTF-8. In other runs, only ASCII characters are decoded. `%2F` stays as
 * it is, because it must not become a separator.
 */
function decodePath(path: string): string {
  return path.replace(/(?:%(?!2f)[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run.replace(/%[0-7][0-9a-f]/gi, (ascii) => decodeURIComponent(ascii));
    }
  });
}

function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment === '.' || segment === '..') {
      if (last) kept.push('');
    } else {
      kept.push(segment);
    }
  });
  return `/${kept.join('/')}`;
}

/**
 * Encodes like ASP.NET's `PathString.ToUriComponent`: keeps the characters of a path (RFC 3986 §3.3) and valid
 * percent-encodings, and encodes the rest.
 */
function encodePath(path: string): string {
  return path.replace(/%(?![0-9a-f]{2})|[^%A-Za-z0-9\-._~!$&'()*+,;=:@/]+/gi, encodeURIComponent);
}

/**
 * Parses a query string as ASP.NET Core does: names are compared without regard to case, the first spelling is kept,
 * and all values of a name are in order.
 */
export function parseQueryString(queryString: string): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const pair of queryString.replace(/^\?/, '').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    const key = name.toLowerCase();
    const entry = byKey.get(key) ?? { name, values: [] };
    entry.values.push(value);
    byKey.set(key, entry);
  }
  return new Map([...byKey.values()].map(({ name, values }) => [name, values]));
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Decodes the runs of escapes that are valid UTF-8, and leaves the others.
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
}
