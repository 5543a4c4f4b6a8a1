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
