// Validates a certification path with two CRLs by pkijs, which comes from bench/package.json with a lockfile of its
// own.
import * as pkijs from 'pkijs';
import { pathNow } from '@certgate/x509/test-support/written-path.js';

/** The parts of a written chain, in the form in which pkijs takes them. */
export function readByPkijs({ root, intermediate, leaf, crls }) {
  return {
    trustedCerts: [pkijs.Certificate.fromBER(root)],
    // pkijs expects the order of the path, with the leaf last.
    certs: [pkijs.Certificate.fromBER(intermediate), pkijs.Certificate.fromBER(leaf)],
    crls: crls.map((crl) => pkijs.CertificateRevocationList.fromBER(crl)),
  };
}

export async function verifyByPkijs(material) {
  const engine = new pkijs.CertificateChainValidationEngine({ ...material, checkDate: new Date(pathNow) });
  const { result, resultMessage } = await engine.verify();
  if (!result) throw new Error(`pkijs: ${resultMessage}`);
}
