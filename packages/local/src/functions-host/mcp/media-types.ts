/** Whether one of the ranges in an `Accept` field holds the type (ASP.NET Core's `MatchesMediaType`); its weight doesn't count. */
export function accepts(accept: string, mediaType: string): boolean {
  const group = mediaType.split('/', 1)[0] ?? '';
  const ranges = accept.split(',').map(readType);
  return ranges.some((range) => range === '*/*' || range === `${group}/*` || range === mediaType);
}

/** What `ReadFromJsonAsync` takes. */
export function isJsonType(contentType: string): boolean {
  return /^application\/(?:json|[^/\s]+\+json)$/.test(readType(contentType));
}

function readType(text: string): string {
  return (text.split(';', 1)[0] ?? '').trim().toLowerCase();
}
