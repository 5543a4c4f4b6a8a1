import { areNamesEqual } from '../canonical-name.js';
import type { CertificateRevocationList } from './certificate-revocation-list.js';
import type { PathCertificate } from './path-certificate.js';
import { verifyAhead } from './signature-memo.js';

/**
 * For whoever loads a list: verifies its signature by each of the authorities that has its issuer's name, off the event
 * loop, so that no request waits for the hash of megabytes. Decides nothing: `findCrlStatus` asks for all the rest.
 */
export async function prepareCrl(crl: CertificateRevocationList, signers: readonly PathCertificate[]): Promise<void> {
  for (const { subject, verificationKey } of signers) {
    if (areNamesEqual(subject, crl.issuer)) await verifyAhead(crl, verificationKey);
  }
}
