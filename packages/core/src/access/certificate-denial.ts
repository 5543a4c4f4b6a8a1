import type { CertificateFault, ClientCertificate } from '@certgate/x509';
import { describeFirstFault, describePublicKey, shortenText } from '@certgate/x509/internal';
import { type Denial, type DenialCodeOf, deny, type KnownCaller } from '../denial.js';
import type { ClientAuthFacts, NameClaim } from '../denial-facts.js';

/** What is known about a certificate that is not suitable for a client. */
export interface UnfitCertificate {
  readonly certificate: ClientCertificate;
  readonly fault: CertificateFault;
  readonly claim: NameClaim | undefined;
  /** Undefined unless the certificate is refused because it lacks clientAuth. */
  readonly missing: Pick<ClientAuthFacts, 'grace' | 'publicIssuance'> | undefined;
}

/** The denial of a certificate that the trust store found or nominated, but that is not suitable for a client. */
export function denyUnfit(
  { certificate: { notBefore, notAfter }, fault, claim, missing }: UnfitCertificate,
  known: KnownCaller,
): Denial<DenialCodeOf<'certificate-verification'>> {
  const { code } = fault;
  const unfit = { fault: describeFirstFault(fault), ...(claim === undefined ? {} : { claim }) };
  switch (code) {
    case 'certificate_not_yet_valid':
    case 'certificate_expired':
      return deny(code, { ...unfit, notBefore, notAfter }, known);
    case 'certificate_is_authority':
      return deny(code, unfit, known);
    case 'certificate_critical_extension_unknown':
      return deny(code, { ...unfit, extensions: listShown(fault.extensions) }, known);
    case 'certificate_extended_key_usage_unsuitable':
      return deny(code, { ...unfit, extendedKeyUsage: listShown(fault.extendedKeyUsage), ...missing }, known);
    case 'certificate_key_usage_unsuitable':
      return deny(code, { ...unfit, keyUsage: fault.keyUsage }, known);
    case 'certificate_key_unsupported':
    case 'certificate_key_too_weak':
    case 'algorithm_unsupported_by_runtime':
      return deny(code, { ...unfit, key: describePublicKey(fault.publicKey) }, known);
  }
}

/**
 * The denial of a certificate with a critical extension that the end-entity checks do not know, if no certification
 * path processed it.
 */
export function denyUnprocessed(
  unprocessed: readonly string[],
  known: KnownCaller,
): Denial<'certificate_critical_extension_unknown'> {
  const extensions = listShown(unprocessed);
  const fault = `The certificate has a critical extension that only a certification path processes, and none was validated: ${shortenText(extensions.join(', '))} (RFC 5280 section 4.2).`;
  return deny('certificate_critical_extension_unknown', { fault, extensions }, known);
}

/**
 * Object identifiers in the certificate, whose author chose them. Only as many as an operator will read, because the
 * gate remembers the refusal.
 */
function listShown(texts: readonly string[]): readonly string[] {
  return texts.slice(0, maximumShown).map(shortenText);
}

/** With its separator, an object identifier has at least five characters, and `shortenText` leaves 200. */
const maximumShown = 40;
