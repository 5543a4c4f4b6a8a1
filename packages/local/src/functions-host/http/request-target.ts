/** A request target taken apart as Kestrel does it. */
export interface RequestTarget {
  /** Percent-decoded except `%2F`, dot segments removed: what routes are matched against. */
  readonly path: string;
  /** The same path, encoded again: what `request.url` shows. */
  readonly encodedPath: string;
  /** With its `?`, as it was sent; empty when there is none. */
  readonly queryString: string;
}

/** Undefined for a target that Kestrel answers with 400. */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  if (/[^\x21-\x7e]/.test(target)) return undefined;
  // Absolute form ("GET http://host/path"): its authority is compared with the Host header elsewhere.
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

/** Decodes valid UTF-8 in percent-encoded runs, leaves everything else (and `%2F`, which must not become a separator) as it is. */
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

/** ASP.NET's `PathString.ToUriComponent`: unreserved and sub-delims stay, a valid percent-encoding stays, the rest is encoded. */
function encodePath(path: string): string {
  return path.replace(/%(?![0-9a-f]{2})|[^%A-Za-z0-9\-._~!$&'()*+,;=:@/]+/gi, encodeURIComponent);
}

/**
 * A query string as ASP.NET Core gives it to a function: names without case under their first spelling, and every
 * value of a name in order.
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
    // .NET decodes what it can and leaves the rest.
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
}
