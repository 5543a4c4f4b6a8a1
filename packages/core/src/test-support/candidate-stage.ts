import { type CandidateSource } from '../certificate-header/candidate-certificate.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import type { AuthorityContext } from '../trust-snapshot/authority-path.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { issue, type MadeAuthority } from '@certgate/x509/test-support/revocation.js';
import { answerInFull } from './answer-in-full.js';
import { authorityOf, billing, getStage, issueCaller, issuedSnapshot, type MadeCaller } from './authority-stage.js';

/**
 * A chain root → upper → lower → leaf, of which the trust document only has the root, and certificates that look like
 * it.
 */
export interface CandidateStage {
  readonly root: MadeAuthority;
  readonly upper: MadeAuthority;
  readonly lower: MadeAuthority;
  readonly leaf: MadeCaller;
  /** `otherRoot` is the root of another authority, and `crossUpper` is `upper` with a certificate of that root. */
  readonly otherRoot: MadeAuthority;
  readonly crossUpper: MadeAuthority;
  /**
   * CAs with the names of `root`, `upper` and `lower` and with other keys, and a leaf below them: none of them is
   * genuine.
   */
  readonly madeUp: readonly MadeAuthority[];
  readonly madeUpLeaf: MadeCaller;
  /** Two CAs with the names of `upper` and `lower`, each of which signed the other. */
  readonly loop: readonly MadeAuthority[];
}

let stage: CandidateStage | undefined;

/** The certificates are made once per process. */
export function getCandidateStage(): CandidateStage {
  if (stage !== undefined) return stage;
  const { root, impostorRoot } = getStage();
  const [upperName, lowerName] = ['Corp upper CA', 'Corp lower CA'];
  const upper = issue({ name: upperName, key: 'p-256', issuer: root, serialNumber: '0B01' });
  const lower = issue({ name: lowerName, key: 'rsa-2048', issuer: upper, serialNumber: '0B02' });
  const otherRoot = issue({ name: 'Other root', key: 'rsa-3072' });
  const madeUpUpper = issue({ name: upperName, key: 'ed25519', issuer: impostorRoot });
  const madeUpLower = issue({ name: lowerName, key: 'p-521', issuer: madeUpUpper });
  stage = {
    root,
    upper,
    lower,
    leaf: issueCaller({ issuer: lower, serialNumber: '0B03' }),
    otherRoot,
    crossUpper: issue({ name: upperName, key: 'p-256', issuer: otherRoot }),
    madeUp: [impostorRoot, madeUpUpper, madeUpLower],
    madeUpLeaf: issueCaller({ issuer: madeUpLower }),
    loop: [
      issue({ name: upperName, key: 'ed25519', issuer: madeUpLower }),
      issue({ name: lowerName, key: 'p-521', issuer: madeUpUpper }),
    ],
  };
  return stage;
}

/**
 * A document whose authority "corp" only has its root. `authority` and `more` change the authority and the document.
 */
export function rootOnly(authority: object = {}, more: object = {}): TrustSnapshot {
  return issuedSnapshot([billing], { authorities: [authorityOf({ intermediates: [], ...authority })], ...more });
}

/** The name of the identity that was found, or the code of the denial, or else the outcome. */
export function decideWith(
  trust: TrustSnapshot,
  leaf: Uint8Array,
  candidates?: CandidateSource,
  context?: AuthorityContext,
): string {
  const finding = answerInFull(trust, presentCertificate(leaf, candidates), now, context);
  if (finding.outcome === 'denied') return finding.code;
  return finding.outcome === 'found' ? finding.identity.name : finding.outcome;
}

export const dersOf = (...certificates: readonly MadeAuthority[]): readonly Buffer[] =>
  certificates.map(({ der }) => der);
