// wire/: header fields as they are sent, and bodies of requests.

/** One header field: its name in the sender's spelling, and its value unchanged. */
export type RawField = readonly [name: string, value: string];

/** Pairs Node's `rawHeaders` (name, value, name, value …), which keep order, spelling and duplicates. */
export function pairRawHeaders(rawHeaders: readonly string[]): RawField[] {
  const fields: RawField[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    fields.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return fields;
}

/**
 * Gives one spelling to all names that a server behind the gateway might take for the same field. CGI and WSGI turn `-`
 * and `_` into one character, and PHP also `.`, so they may read `X_ARR_ClientCert` as `X-ARR-ClientCert`.
 */
export function canonicalizeFieldName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

export function getFieldValues(fields: readonly RawField[], lowerCaseName: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value);
}

/**
 * Fields of a single connection, which are not forwarded (RFC 9110 §7.6.1), and others that older clients use like
 * them.
 */
export const hopByHopNames: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The names listed in `Connection`, in lower case. */
export function getConnectionOptions(fields: readonly RawField[]): string[] {
  return getFieldValues(fields, 'connection')
    .flatMap((value) => value.split(','))
    .map((option) => option.trim().toLowerCase())
    .filter((option) => option !== '');
}

/** Removes the fields that end at this hop, including those that the sender named in `Connection`. */
export function removeHopByHopFields(fields: readonly RawField[]): RawField[] {
  const named = new Set(getConnectionOptions(fields).map(canonicalizeFieldName));
  return fields.filter(([name]) => {
    const canonical = canonicalizeFieldName(name);
    return !hopByHopNames.has(canonical) && !named.has(canonical);
  });
}
