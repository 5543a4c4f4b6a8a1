import type { DerDecoding } from '@certgate/x509';
import type { PathCertificate } from '@certgate/x509/path';
import type { StrangerClaim } from '../denial-facts.js';
import { listTwins, type PresentedCertificate } from '../certificate-header/certificate-header.js';
import { findIssuingAuthorities, listNames, maximumNames, type PresentedName } from './authority-match.js';
import { findAuthorityPath, isSignedByAuthority } from './authority-path.js';
import { readCandidates } from './candidate-issuers.js';
import { provesIssuance } from './issued-match.js';
import { noRevocationInformation } from './revocation-information.js';
import { listNameKeys, type TrustSnapshot } from './trust-snapshot.js';

const kinds = ['path', 'pin', 'name'] as const;

/** The claim's rank: the lower it is, the more the claim proves. */
export function rankClaim({ claimedBy }: StrangerClaim): number {
  return kinds.indexOf(claimedBy);
}

/**
 * Finds the identity that a refused certificate points to, for people. The result admits nobody. It verifies
 * signatures, so call it only for log lines that are written.
 */
export function findStrangerClaim(
  snapshot: TrustSnapshot,
  presented: PresentedCertificate,
  now: number,
): StrangerClaim | undefined {
  const named = findNamed(snapshot, presented);
  const claim = named === undefined ? {} : { claimedIdentity: named };
  if (isIssued(snapshot, presented, now)) return { claimedBy: 'path', ...claim };
  const pinned = findTwin(snapshot, presented);
  if (pinned !== undefined) return { claimedBy: 'pin', claimedIdentity: pinned };
  return named === undefined ? undefined : { claimedBy: 'name', claimedIdentity: named };
}

/**
 * Whether an authority of the document issued the certificate. Revocation is ignored: a revoked certificate was issued.
 */
function isIssued(snapshot: TrustSnapshot, presented: PresentedCertificate, now: number): boolean {
  const issuers = findIssuingAuthorities(snapshot, presented);
  const target = issuers.length === 0 ? undefined : readDecoding(presented.pathDecoding);
  if (target === undefined) return false;
  const { candidates } = readCandidates(presented);
  return issuers.some((authority) => {
    if (isSignedByAuthority(authority, target)) return true;
    // An intermediate CA that came with the request may have signed the certificate.
    const path = findAuthorityPath(authority, { target, candidates }, now, { revocation: noRevocationInformation });
    return path.outcome === 'valid' || provesIssuance(path.code);
  });
}

function readDecoding(decoding: DerDecoding<PathCertificate>): PathCertificate | undefined {
  return decoding.ok ? decoding.value : undefined;
}

function findTwin({ pins }: TrustSnapshot, presented: PresentedCertificate): string | undefined {
  for (const { thumbprintSha256, thumbprintSha1 } of listTwins(presented)) {
    const found = pins.thumbprintSha256.get(thumbprintSha256) ?? pins.thumbprintSha1.get(thumbprintSha1);
    if (found !== undefined) return found.identity.name;
  }
  return undefined;
}

/** The identity that has one of the certificate's names under any authority, or whose own name is one of them. */
function findNamed(snapshot: TrustSnapshot, presented: PresentedCertificate): string | undefined {
  const names = listPresented(snapshot, presented).slice(0, maximumNames);
  for (const [type, value] of names) {
    for (const { name } of snapshot.authorities) {
      for (const key of listNameKeys(name, type, value)) {
        const found = snapshot.names.get(key);
        if (found !== undefined) return found.identity.name;
      }
    }
  }
  const positions = names.map(([, value]) => snapshot.positions.get(value.toLowerCase()) ?? Infinity);
  return snapshot.identities[Math.min(...positions)]?.name;
}

/** If the document has no authority, reads the names without loading the code that validates paths. */
function listPresented({ authorities }: TrustSnapshot, presented: PresentedCertificate): readonly PresentedName[] {
  if (authorities.length > 0) {
    const certificate = readDecoding(presented.pathDecoding);
    return certificate === undefined ? [] : listNames(certificate);
  }
  const { decoding } = presented;
  if (!decoding.ok) return [];
  const { commonName, subjectAlternativeNames } = decoding.certificate;
  return [
    ...subjectAlternativeNames.flatMap(({ type, value }) =>
      type === 'dns' || type === 'uri' || type === 'email' ? [[type, value] as const] : [],
    ),
    ...(commonName === undefined ? [] : [['commonName', commonName] as const]),
  ];
}
