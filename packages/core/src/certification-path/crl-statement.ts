import { areNamesEqual } from '../canonical-name.js';
import { type CertificateRevocationList, crlExtensionTypes } from './certificate-revocation-list.js';
import type { CrlQuestion } from './crl-question.js';
import { findCoveredReasons } from './crl-scope.js';
import { isSignedBy, recallSignature } from './signature-memo.js';
import type { PathCertificate } from './path-certificate.js';
import { describeSignatureAlgorithm } from './signature-algorithm.js';

/** A list that speaks of the certificate, and whose signature holds. That it is current, it doesn't say. */
export interface CrlStatement {
  readonly crl: CertificateRevocationList;
  /** A mask of `allReasons`; never 0. */
  readonly reasons: number;
  readonly signer: PathCertificate;
}

export interface CrlStatements {
  readonly statements: readonly CrlStatement[];
  /** Why lists that speak of the certificate don't count. */
  readonly faults: readonly string[];
}

/** RFC 5280 §6.3.3 (b), (d), (f) and (g), for every list: one that says "revoked" is to be found wherever it is. */
export function findCrlStatements(question: CrlQuestion): CrlStatements {
  const statements: CrlStatement[] = [];
  const faults: string[] = [];
  for (const crl of question.crls) {
    if (question.useDeltas === false && crl.deltaBaseNumber !== undefined) continue;
    const reasons = findCoveredReasons(crl, question.certificate);
    if (reasons === 0) continue;
    const { algorithm } = crl.signed;
    const signer = question.isAlgorithmAccepted(algorithm) ? findSigner(crl, question) : undefined;
    if (signer !== undefined) statements.push({ crl, reasons, signer });
    else if (question.isAlgorithmAccepted(algorithm)) faults.push('A CRL is signed by nobody who may sign it.');
    else
      faults.push(`A CRL is signed with an algorithm that is not accepted (${describeSignatureAlgorithm(algorithm)}).`);
  }
  return { statements, faults };
}

/** Do both lists speak of the same certificates, signed by the same key (§6.3.3 (c), (h))? */
export function isSameScope(left: CrlStatement, right: CrlStatement): boolean {
  return (
    areNamesEqual(left.crl.issuer, right.crl.issuer) &&
    isSameExtension(left.crl, right.crl, crlExtensionTypes.issuingDistributionPoint) &&
    isSameExtension(left.crl, right.crl, crlExtensionTypes.authorityKeyIdentifier) &&
    Buffer.compare(
      left.signer.verificationKey.subjectPublicKeyInfo,
      right.signer.verificationKey.subjectPublicKeyInfo,
    ) === 0
  );
}

function isSameExtension(left: CertificateRevocationList, right: CertificateRevocationList, type: string): boolean {
  const [one, other] = [left.extensions.get(type), right.extensions.get(type)];
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one.value, other.value) === 0;
}

/** §6.3.3 (f), (g). The certificate's issuer first: nearly always it is the one. */
function findSigner(crl: CertificateRevocationList, question: CrlQuestion): PathCertificate | undefined {
  return [question.issuer, ...question.signers].find((signer) => {
    if (!areNamesEqual(signer.subject, crl.issuer) || !maySignCrls(signer, question)) return false;
    // The path before the signature: a stranger's certificate must not buy the hash of megabytes.
    if (recallSignature(crl, signer.verificationKey) === false) return false;
    return (signer === question.issuer || question.isSignerValid(signer)) && isSignedBy(crl, signer.verificationKey);
  });
}

/**
 * §6.3.3 (f): where there is a key usage, it includes cRLSign. Where there is none, the RFC allows any certificate of the
 * name; here it must be a CA's or the certificate's issuer.
 */
function maySignCrls(signer: PathCertificate, { issuer }: CrlQuestion): boolean {
  if (signer.keyUsage !== undefined) return signer.keyUsage.includes('cRLSign');
  return signer === issuer || signer.basicConstraints?.isCertificateAuthority === true;
}
