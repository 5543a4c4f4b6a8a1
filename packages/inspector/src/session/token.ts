// session/: what the page and the tool say to each other: the token, the requests, the stream of events.

const storageKey = 'certgate-inspector-token';

/**
 * The token of this start, from the address that `certgate dev` printed (`#token=…`). It leaves the address at once, so
 * that no history, bookmark or screenshot keeps it; this tab's storage does, so that a reload works.
 */
export function takeToken(
  location: Pick<Location, 'hash'>,
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  replaceHash: (hash: string) => void,
): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null || given === '') return storage.getItem(storageKey) ?? undefined;
  storage.setItem(storageKey, given);
  replaceHash('#/try');
  return given;
}
