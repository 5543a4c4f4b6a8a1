import type { CertificateRevocationList } from './certificate-revocation-list.js';
import { findCrlStatus } from './crl-status.js';
import { type CrlQuestion, findCoveredReasons } from './crl-statement.js';
import { isAboutCertificate } from './ocsp-certificate-id.js';
import { askResponses, type OcspQuestion } from './ocsp-status.js';
import type { OcspAnswer, OcspResponse } from './ocsp-response.js';
import type { RevocationStatus } from './revocation-status.js';

/** One list or one responder's answer about a certificate, and the status that the list or the whole response gives. */
export type RevocationEvidence =
  | { readonly source: 'crl'; readonly crl: CertificateRevocationList; readonly status: RevocationStatus }
  | {
      readonly source: 'ocsp';
      readonly response: OcspResponse;
      readonly answer: OcspAnswer;
      readonly status: RevocationStatus;
    };

/** Lists the evidence for tools. The decision combines all of it. */
export function listRevocationEvidence(byLists: CrlQuestion, byResponses: OcspQuestion): readonly RevocationEvidence[] {
  const { crls, revokingCrls = [] } = byLists;
  const lists = [...crls, ...revokingCrls]
    .filter((crl) => findCoveredReasons(crl, byLists.certificate) !== 0)
    .map((crl) => {
      const alone = { crls: [crl], revokingCrls: revokingCrls.includes(crl) ? [crl] : [] };
      return { source: 'crl', crl, status: findCrlStatus({ ...byLists, ...alone }) } as const;
    });
  const { certificate, issuer } = byResponses;
  const answers = byResponses.responses.flatMap((response) => {
    if (response.responseStatus !== 'successful') return [];
    const status = askResponses({ ...byResponses, responses: [response] });
    return response.answers
      .filter(({ certificateId }) => isAboutCertificate(certificateId, certificate, issuer))
      .map((answer) => ({ source: 'ocsp', response, answer, status }) as const);
  });
  return [...lists, ...answers];
}
