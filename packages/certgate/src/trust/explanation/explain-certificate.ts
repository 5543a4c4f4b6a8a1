// explanation/: what the gate decides about a certificate at a function, step by step, and what ends a denial.

import {
  formatInstant,
  isDeniedFor,
  presentCertificate,
  readRevocationInformation,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { findRemedy } from './denial-remedies.js';
import { explainDecision, type Explanation } from './explain-decision.js';
import { type ExplainedFunction, findRequirement } from './explained-function.js';
import { createExplanationReport, type ExplanationReport, type ExplanationSubject } from './explanation-report.js';
import { findNearMatches } from './near-matches.js';
import type { Unverified } from './unverified.js';

export interface CertificateQuestion {
  /** What the document is called by, for `--store`. */
  readonly store: string;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not take the document; absent: it would. */
  readonly refusal?: string | undefined;
  /** The document's signature is absent, or not by the keys of the gate. Default false. */
  readonly isSignatureRefused?: boolean;
  readonly isSigned: boolean;
  /** What an app compares and nobody has compared here. */
  readonly unverified: readonly Unverified[];
  readonly explained: ExplainedFunction;
  /** Undefined: the caller has no certificate. */
  readonly certificateDer: Uint8Array | undefined;
  /** The words that name this certificate to `trust add`. Default: its thumbprint. */
  readonly certificateOptions?: readonly string[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/** The one explanation, for `certgate trust explain` and for the inspector. It reads CRLs and OCSP answers where the document asks for them. */
export async function explainCertificate(question: CertificateQuestion): Promise<ExplanationReport> {
  const { trust, refusal, explained, certificateDer, now } = question;
  const requirement = findRequirement(explained);
  const revocation =
    refusal === undefined ? await readRevocationInformation(trust, { certificateDer, now }) : undefined;
  const asked = { certificateDer, trust, refusal, now, ...(revocation && { revocation }) };
  const explanation = requirement === undefined ? undefined : explainDecision({ ...asked, requirement });
  const answer = findRemedyFor(question, explanation);
  return createExplanationReport({ ...question, ...answer }, explanation);
}

/** What ends the denial, or what is let through as report-only. */
function findRemedyFor(
  question: CertificateQuestion,
  explanation: Explanation | undefined,
): Pick<ExplanationSubject, 'nearMatches' | 'remedy'> {
  const { trust, explained, certificateDer, now, store, isSignatureRefused = false } = question;
  const decision = explanation?.decision;
  const denial = decision?.outcome === 'denied' ? decision : decision?.deferred;
  const requirement = findRequirement(explained);
  if (denial === undefined || certificateDer === undefined || requirement === undefined)
    return { nearMatches: [], remedy: null };
  const presented = presentCertificate(certificateDer);
  const nearMatches = isDeniedFor(denial, 'certificate_not_trusted')
    ? findNearMatches(trust, presented, denial.facts?.authorities)
    : [];
  const { identityName } = denial;
  const certificateOptions = question.certificateOptions ?? nameByThumbprint(certificateDer);
  const known = { identityName, trust, requirement, now, presented, nearMatches, certificateOptions };
  return { nearMatches, remedy: findRemedy(denial, { ...known, runAt: Date.now(), store, isSignatureRefused }) };
}

/** For a certificate that is in no file. */
export function nameByThumbprint(certificateDer: Uint8Array): readonly string[] {
  const { thumbprintSha256, decoding } = presentCertificate(certificateDer);
  const end = decoding.ok ? ['--not-after', formatInstant(decoding.certificate.notAfter)] : [];
  return ['--thumbprint-sha256', thumbprintSha256, ...end];
}
