// explanation/: what the gate decides about a certificate at a function, step by step, and what ends a denial.

import { resolve } from 'node:path';
import {
  isDeniedFor,
  presentCertificate,
  readRevocationInformation,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { findRemedy } from './denial-remedies.js';
import { explainDecision } from './explain-decision.js';
import { findRequirement } from './explained-function.js';
import {
  type CertificateQuestion,
  createExplanationReport,
  type ExplanationReport,
  heedApp,
  reportNearMatch,
} from './explanation-report.js';
import { findNearMatches } from './near-matches.js';

/**
 * Explains a certificate, both for `certgate trust explain` and for the inspector. It reads CRLs and OCSP answers if
 * the document asks for them.
 */
export async function explainCertificate(question: CertificateQuestion): Promise<ExplanationReport> {
  const { trust, refusal, explained, certificateDer, now, folder, app, readRevocation } = question;
  const requirement = findRequirement(explained);
  const revocation =
    refusal === undefined
      ? await (readRevocation ?? readRevocationInformation)(readListsFrom(folder, trust), { certificateDer, now })
      : undefined;
  const presented = certificateDer && presentCertificate(certificateDer);
  const asked = { presented, trust, refusal, now, revocation };
  const explanation = requirement && explainDecision({ ...asked, requirement });
  const report = createExplanationReport(question, presented, explanation);
  const decision = explanation?.decision;
  // A denial that is let through as report-only will later refuse, so it gets a remedy too.
  const denial = decision?.outcome === 'denied' ? decision : decision?.deferred;
  if (denial === undefined || requirement === undefined)
    return heedApp({ ...report, nearMatches: [], remedy: null }, app);
  const nearMatches =
    presented !== undefined && isDeniedFor(denial, 'certificate_not_trusted')
      ? findNearMatches(trust, presented, denial.facts?.authorities)
      : [];
  const remedy = findRemedy(denial, {
    ...asked,
    requirement,
    nearMatches,
    store: question.store,
    decidedAt: now,
    isSignatureRefused: question.isSignatureRefused === true,
    // This reason is true in every case. The person who runs the command knows more, and may write it.
    reason: `${denial.code} at ${requirement.functionName}`,
  });
  return heedApp({ ...report, nearMatches: nearMatches.map(reportNearMatch), remedy }, app);
}

/** Resolves relative paths of lists in the app's folder, because the app reads them from there. */
export function readListsFrom(folder: string | undefined, trust: TrustSnapshot): TrustSnapshot {
  if (folder === undefined) return trust;
  const place = (crl: string): string =>
    crl.startsWith('file:') ? `file:${resolve(folder, crl.slice('file:'.length))}` : crl;
  const authorities = trust.authorities.map((authority) => ({
    ...authority,
    revocation: { ...authority.revocation, crls: authority.revocation.crls.map(place) },
  }));
  return { ...trust, authorities };
}
