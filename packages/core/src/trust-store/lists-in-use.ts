import type { CertificateRevocationList, PathCertificate } from '@certgate/x509/path';
import { shortenText } from '@certgate/x509/internal';
import type { RevocationListEntry } from '../denial-facts.js';
import { formatSerialNumber } from '../encoding/serial-number.js';
import type { KeptLists } from './kept-lists.js';

/** The lists that one source gave. */
export interface ListsOfSource {
  readonly lists: KeptLists;
  /** The source's description. */
  readonly source: string;
}

export interface ListOfSource {
  readonly list: CertificateRevocationList;
  readonly source: string;
}

/**
 * A revocation list that an authority uses, for people. `begin` and `end` are its `thisUpdate` and `nextUpdate`, in
 * milliseconds since 1970-01-01T00:00:00Z.
 */
export interface RevocationListStatus extends RevocationListEntry {
  /** The authority of the trust document. */
  readonly authority: string;
  readonly begin: number;
  readonly end: number;
  /** Whether the list is a delta, which only names what changed since a complete list. */
  readonly isDelta: boolean;
}

/**
 * For each kind (complete or delta) and scope, the list that ends last, whichever source gave it: while one list is
 * valid, the operator need not know that another has ended. Lists without `nextUpdate` have no end, so they are left
 * out.
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

/**
 * The newest list that names the certificate as revoked, or, if `isRevoked` is false, the newest list of the
 * certificate's issuer.
 */
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

/** What identifies a certificate in a list. */
export type CertificateOfIssuer = Pick<PathCertificate, 'serialNumber' | 'issuer'>;

/** The reasons for which the lists of these sources revoke the certificate. Empty if none of them does. */
export function listReasons(certificate: CertificateOfIssuer, sources: readonly ListsOfSource[]): readonly string[] {
  const all = sources.flatMap(({ lists }) => [...lists.lists, ...lists.revoking]);
  return all.flatMap((list) => listReasonsIn(list, certificate));
}

function listReasonsIn(
  { entries, deltaBaseNumber }: CertificateRevocationList,
  { serialNumber, issuer }: CertificateOfIssuer,
): readonly string[] {
  // RFC 5280 §5.3.1: only in a delta does removeFromCRL take an entry back.
  const isRemoval = (reason: string): boolean => reason === 'removeFromCRL' && deltaBaseNumber !== undefined;
  return entries.find(serialNumber, issuer).flatMap(({ reason }) => (isRemoval(reason) ? [] : reason));
}

/**
 * A certificate that this instance refused as revoked for a reason other than certificateHold, and that a newer list no
 * longer names, although only a hold can be lifted (RFC 5280 §5.3.1).
 */
export interface WithdrawnRevocation {
  /** The authority of the trust document. */
  readonly authority: string;
  /** The certificate's subject (RFC 4514). */
  readonly subject: string;
  /** In upper-case hexadecimal, as openssl prints it. */
  readonly serialNumber: string;
  readonly thumbprintSha256: string;
  /** The newer list, which no longer names the certificate. */
  readonly list: RevocationListEntry;
  /** What happened, and what to do. */
  readonly detail: string;
}

/** Writes the sentence here, so that the part of the log that every app loads stays small. */
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
