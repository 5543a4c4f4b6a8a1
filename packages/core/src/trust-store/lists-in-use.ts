import type { CertificateRevocationList, PathCertificate } from '@certgate/x509/path';
import { shortenText } from '@certgate/x509/internal';
import type { RevocationListEntry } from '../denial-facts.js';
import { formatSerialNumber } from '../encoding/serial-number.js';
import type { KeptLists } from './kept-lists.js';

/** What one source gave, and where that is. */
export interface ListsOfSource {
  readonly lists: KeptLists;
  /** Its description. */
  readonly source: string;
}

export interface ListOfSource {
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
  certificate: CertificateOfIssuer,
  sources: readonly ListsOfSource[],
  isRevoked: boolean,
): RevocationListEntry | undefined {
  const all = sources.flatMap(({ lists, source }) =>
    [...lists.lists, ...(isRevoked ? lists.revoking : [])].map((list) => ({ list, source })),
  );
  const about = all.filter(({ list }) =>
    isRevoked ? listReasonsIn(list, certificate).length > 0 : list.issuer.key === certificate.issuer.key,
  );
  const [newest] = about.sort((one, other) => other.list.thisUpdate - one.list.thisUpdate);
  return newest && describeList(newest);
}

/** What identifies a certificate in lists. */
export type CertificateOfIssuer = Pick<PathCertificate, 'serialNumber' | 'issuer'>;

/** For which reasons the lists of these sources revoke the certificate. */
export function listReasons(certificate: CertificateOfIssuer, sources: readonly ListsOfSource[]): readonly string[] {
  const all = sources.flatMap(({ lists }) => [...lists.lists, ...lists.revoking]);
  return all.flatMap((list) => listReasonsIn(list, certificate));
}

function listReasonsIn(
  { entries, deltaBaseNumber }: CertificateRevocationList,
  { serialNumber, issuer }: CertificateOfIssuer,
): readonly string[] {
  // RFC 5280 §5.3.1: only a delta takes an entry back.
  const isRemoval = (reason: string): boolean => reason === 'removeFromCRL' && deltaBaseNumber !== undefined;
  return entries.find(serialNumber, issuer).flatMap(({ reason }) => (isRemoval(reason) ? [] : reason));
}

/** A newer list left out a certificate that this instance had refused for a reason from which no list brings it back. */
export interface WithdrawnRevocation {
  /** The authority of the trust document. */
  readonly authority: string;
  /** RFC 4514. */
  readonly subject: string;
  /** In upper-case hexadecimal, as openssl prints it. */
  readonly serialNumber: string;
  readonly thumbprintSha256: string;
  /** The newer list. */
  readonly list: RevocationListEntry;
  /** What happened, and what to do. */
  readonly detail: string;
}

/** The text is made here because most apps never load this file: the log's part of every app stays small. */
export function describeWithdrawn(
  refused: Omit<WithdrawnRevocation, 'list' | 'detail'>,
  newer: ListOfSource,
): WithdrawnRevocation {
  const { authority, subject } = refused;
  const list = Object.freeze(describeList(newer));
  const serialNumber = formatSerialNumber(refused.serialNumber);
  const number = list.number === undefined ? '' : ` ${list.number}`;
  const detail = `The CRL${number} of "${list.issuer}" (${newer.source}) no longer names "${subject}", serial number ${serialNumber}, which this instance refused as revoked. The list no longer refuses it. Ask the CA why; if it was restored from a backup, deny what it revoked since: certgate trust deny --issued-by "${authority}" --serial ${serialNumber} --reason "restore"`;
  return Object.freeze({ ...refused, serialNumber, list, detail });
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
