import { describePublicKey } from '../certificate/certificate-verification.js';
import type { NoRevAvailObstacle } from '../certificate/no-rev-avail.js';
import { describeRefusedAlgorithm } from '../certificate/signature-algorithm.js';
import { aMemberOf, expectArgument, listOf } from '../encoding/own-members.js';
import { shortenText } from '../encoding/shown-text.js';
import { formatInstant } from '../encoding/timestamp.js';
import type { OcspSignerFault } from './ocsp-responder.js';
import type { RevocationGap } from './revocation-status.js';
import { describeBeginning, describeExpiry } from '../certificate/certificate-fault-sentence.js';

/**
 * Says for operators why it is unknown whether a certificate is revoked, one sentence for each gap.
 *
 * @throws {CertgateError} if `gaps` are not those of a revocation status or a fault.
 */
export function describeRevocationGaps(gaps: readonly RevocationGap[]): string {
  expectArgument(
    gaps,
    listOf(aMemberOf(sentences, 'reason', 'a gap of a revocation status')),
    'The gaps for describeRevocationGaps',
  );
  return gaps.map((gap) => (sentences[gap.reason] as (gap: RevocationGap) => string)(gap)).join(' ');
}

const sentences: { readonly [Reason in RevocationGap['reason']]: (gap: RevocationGap<Reason>) => string } = {
  issuer_differs: () => 'The certificate has another issuer.',
  crl_missing: () => 'No CRL is about the certificate.',
  crl_base_missing: () => 'There is a delta CRL without its base.',
  crl_of_other_key: () =>
    'The CRLs are signed by other keys of the CA than the one that signed the certificate; add the list of that key.',
  crl_from_future: ({ thisUpdate }) => `A CRL is from the future (${formatInstant(thisUpdate)}); compare the clocks.`,
  crl_without_next_update: () => 'A CRL doesn’t say when the next one comes.',
  crl_ended: ({ nextUpdate }) => `A CRL was due to be replaced at ${formatInstant(nextUpdate)}.`,
  crl_critical_extension: ({ extension }) => `A CRL has the critical extension ${extension}, which is not understood.`,
  crl_number_unusable: () => 'A CRL has no number, or a critical one (RFC 5280 §5.2.3).',
  crl_superseded: ({ crlNumber, newerNumber }) =>
    `The complete CRL ${newerNumber} is newer than the CRL ${crlNumber}; publish the newer one where apps read it.`,
  crl_reasons_missing: () => 'The CRLs don’t cover every reason for a revocation.',
  crl_algorithm_not_accepted: ({ signatureAlgorithm }) =>
    `A CRL is signed with an algorithm that is not accepted (${describeRefusedAlgorithm(signatureAlgorithm)}).`,
  crl_signer_unfit: () => 'The signer of a CRL may not sign it.',
  ocsp_missing: () => 'No OCSP response is about the certificate.',
  ocsp_failure: ({ responseStatus }) => `The OCSP responder answered ${responseStatus}.`,
  ocsp_algorithm_not_accepted: ({ signatureAlgorithm }) =>
    `An OCSP response is signed with an algorithm that is not accepted (${describeRefusedAlgorithm(signatureAlgorithm)}).`,
  ocsp_signer_unfit: ({ signer }) =>
    `The signer of an OCSP response may not answer for the issuer: ${describeSigner(signer)}.`,
  ocsp_certificate_unknown: () => 'The OCSP responder doesn’t know the certificate.',
  ocsp_critical_extension: ({ extension }) =>
    `An OCSP response has the critical extension ${extension}, which is not understood.`,
  ocsp_nonce_differs: () => 'An OCSP response is to another request (nonce).',
  ocsp_nonce_missing: () => 'An OCSP response lacks the nonce of its request.',
  ocsp_from_future: () => 'An OCSP response is from the future; compare the clocks.',
  ocsp_ended: () => 'An OCSP response is no longer current.',
  no_rev_avail: () => 'It needs no revocation information: its CA publishes none (noRevAvail), and it is short-lived.',
  input_unreadable: ({ input, fault }) => `${input} can't be read: ${fault}.`,
  source: ({ fault }) => fault,
};

function describeSigner(fault: OcspSignerFault): string {
  if (fault.reason === 'not_signed_by_issuer') return 'it names the issuer, whose key did not sign it';
  if (!('responder' in fault)) return 'it came without the certificate of the responder that it names';
  return `the responder "${shortenText(fault.responder.subjectText)}" ${describeResponder(fault)}`;
}

function describeResponder(fault: Extract<OcspSignerFault, { readonly responder: unknown }>): string {
  const { publicKey, signatureAlgorithm } = fault.responder;
  switch (fault.reason) {
    case 'certificate_in_question':
      return 'is the certificate in question';
    case 'extended_key_usage':
      return 'has no extended key usage for OCSP signing';
    case 'key_usage':
      return 'has a key usage without digitalSignature';
    case 'critical_extension':
      return `has the critical extension ${fault.extension}, which is not understood`;
    case 'not_yet_valid':
      return describeBeginning(fault.responder);
    case 'expired':
      return describeExpiry(fault.responder);
    case 'key_not_accepted':
      return `has a key (${describePublicKey(publicKey)}) that is not accepted`;
    case 'issuer_differs':
      return 'has another issuer';
    case 'algorithm_not_accepted':
      return `has a certificate signed with ${describeRefusedAlgorithm(signatureAlgorithm)}, which is not accepted`;
    case 'certificate_not_signed':
      return 'has a certificate that the issuer did not sign';
    case 'not_signed':
      return 'did not sign it';
    case 'revocation_unknown':
      return 'has a certificate without ocsp-nocheck, and nothing says that it is not revoked';
  }
}

/**
 * Completes a sentence that begins with "it …".
 *
 * @throws {CertgateError} if `obstacle` is not one of `findNoRevAvailFault` or a path's fault.
 */
export function describeNoRevAvailObstacle(obstacle: NoRevAvailObstacle): string {
  const anObstacle = aMemberOf(obstacles, 'reason', 'a fault of findNoRevAvailFault');
  expectArgument(obstacle, anObstacle, 'The obstacle for describeNoRevAvailObstacle');
  if (obstacle.reason === 'information_access') return `${obstacles[obstacle.reason]} (${obstacle.fault})`;
  if (obstacle.reason !== 'lifetime') return obstacles[obstacle.reason];
  const { lifetime, maximumLifetime } = obstacle;
  return `${obstacles.lifetime} of ${lifetime / 1000} seconds, longer than the ${maximumLifetime / 1000} that the authority accepts`;
}

const obstacles: Readonly<Record<NoRevAvailObstacle['reason'], string>> = {
  absent: "doesn't have noRevAvail",
  critical: 'marks noRevAvail as critical, which it must not be',
  authority: 'has noRevAvail and is a CA certificate',
  crl_distribution_points: 'has noRevAvail and CRL distribution points',
  freshest_crl: 'has noRevAvail and a freshest CRL',
  ocsp_address: 'has noRevAvail and the address of an OCSP responder',
  information_access: "has noRevAvail and an authority information access that can't be read",
  not_accepted:
    'has noRevAvail, which is accepted only of callers, up to a lifetime that is set, and on a path with CA certificates of the authority only',
  lifetime: 'has noRevAvail and a lifetime',
};
