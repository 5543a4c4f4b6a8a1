// wire/: header fields as they were sent, and bodies of requests.

/** One header field as received: the name in the client's spelling, the value untouched. */
export type RawField = readonly [name: string, value: string];

/** Node's `rawHeaders` (name, value, name, value …) keeps order, spelling and duplicates. */
export function pairRawHeaders(rawHeaders: readonly string[]): RawField[] {
  const fields: RawField[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    fields.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return fields;
}

/**
 * One spelling for all names that some server behind might take for the same field. CGI, WSGI and PHP turn `-`, `_`
 * and `.` into one character, so `X_ARR_ClientCert` may be read as `X-ARR-ClientCert` there.
 */
export function canonicalizeFieldName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

export function getFieldValues(fields: readonly RawField[], lowerCaseName: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value);
}

/** RFC 9110 §7.6.1, and those that older clients treat so. They speak about one connection and end here. */
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

/** Names listed in `Connection`, lower-case. */
export function getConnectionOptions(fields: readonly RawField[]): string[] {
  return getFieldValues(fields, 'connection')
    .flatMap((value) => value.split(','))
    .map((option) => option.trim().toLowerCase())
    .filter((option) => option !== '');
}

/** Without the fields that end at this hop, including those that the sender named in `Connection`. */
export function removeHopByHopFields(fields: readonly RawField[]): RawField[] {
  const named = new Set(getConnectionOptions(fields).map(canonicalizeFieldName));
  return fields.filter(([name]) => {
    const canonical = canonicalizeFieldName(name);
    return !hopByHopNames.has(canonical) && !named.has(canonical);
  });
}
