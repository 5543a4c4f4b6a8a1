import type { CertificateRevocationList, PathCertificate } from '@certgate/x509/path';
import { shortenText } from '@certgate/x509/internal';
import type { RevocationListEntry } from '../denial-facts.js';
import type { KeptLists } from './kept-lists.js';

/** What one source gave, and where that is. */
export interface ListsOfSource {
  readonly lists: KeptLists;
  /** Its description. */
  readonly source: string;
}

interface ListOfSource {
  readonly list: CertificateRevocationList;
  readonly source: string;
}

/** A list that an authority goes by, for people; times in milliseconds. */
export interface RevocationListStatus extends RevocationListEntry {
  /** The authority of the trust document. */
  readonly authority: string;
  readonly begin: number;
  readonly end: number;
  /** It says only what changed since a complete list. */
  readonly isDelta: boolean;
}

/**
 * Of each kind and scope, the list that ends last, whichever source gave it: while one counts, it is nobody's concern that
 * another has ended. Lists that don't say when the next one comes have no end to tell of.
 */
export function describeListsInUse(
  authority: string,
  sources: readonly ListsOfSource[],
  isUsable: (list: CertificateRevocationList) => boolean,
): readonly RevocationListStatus[] {
  const byScope = new Map<string, RevocationListStatus>();
  for (const { lists, source } of sources) {
    for (const { name, complete, deltas } of lists.scopes) {
      for (const list of [...complete, ...deltas].filter(isUsable)) {
        if (list.nextUpdate === undefined) continue;
        const isDelta = list.deltaBaseNumber !== undefined;
        const key = `${isDelta ? 'delta' : 'complete'}\n${name}`;
        const other = byScope.get(key);
        if (other !== undefined && other.end >= list.nextUpdate) continue;
        const { thisUpdate: begin, nextUpdate: end } = list;
        byScope.set(key, Object.freeze({ ...describeList({ list, source }), authority, begin, end, isDelta }));
      }
    }
  }
  return [...byScope.values()];
}

/** The list that names the certificate as revoked; or, where `isRevoked` is false, the newest one of its issuer. */
export function findListAbout(
  { serialNumber, issuer }: PathCertificate,
  sources: readonly ListsOfSource[],
  isRevoked: boolean,
): RevocationListEntry | undefined {
  const all = sources.flatMap(({ lists, source }) => lists.lists.map((list) => ({ list, source })));
  const about = all.filter(({ list }) =>
    isRevoked
      ? list.entries.find(serialNumber, issuer).some(({ reason }) => reason !== 'removeFromCRL')
      : list.issuer.key === issuer.key,
  );
  const [newest] = about.sort((one, other) => other.list.thisUpdate - one.list.thisUpdate);
  return newest && describeList(newest);
}

function describeList({ list, source }: ListOfSource): RevocationListEntry {
  const { issuerText, crlNumber, nextUpdate } = list;
  return {
    issuer: shortenText(issuerText),
    ...(crlNumber === undefined ? {} : { number: String(crlNumber) }),
    source,
    ...(nextUpdate === undefined ? {} : { end: nextUpdate }),
  };
}
