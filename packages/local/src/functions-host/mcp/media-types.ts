/**
 * Whether one of the ranges in an `Accept` field contains the type, as in ASP.NET Core's `MatchesMediaType`. Weights
 * are ignored.
 */
export function accepts(accept: string, mediaType: string): boolean {
  const group = mediaType.split('/', 1)[0] ?? '';
  const ranges = accept.split(',').map(readType);
  return ranges.some((range) => range === '*/*' || range === `${group}/*` || range === mediaType);
}

/** Whether `ReadFromJsonAsync` accepts the type. */
export function isJsonType(contentType: string): boolean {
  return /^application\/(?:json|[^/\s]+\+json)$/.test(readType(contentType));
}

function readType(text: string): string {
  return (text.split(';', 1)[0] ?? '').trim().toLowerCase();
}
