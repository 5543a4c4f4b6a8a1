// explanation/: what the gate decides about a certificate at a function, step by step, and what ends a denial.

import {
  formatInstant,
  presentCertificate,
  readRevocationInformation,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { findRemedy, type ReportedRemedy } from './denial-remedies.js';
import { explainDecision, type Explanation } from './explain-decision.js';
import { type ExplainedFunction, findRequirement } from './explained-function.js';
import { createExplanationReport, type ExplanationReport } from './explanation-report.js';
import { findNearMatches, type NearMatch } from './near-matches.js';
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
  const nearMatches = listNearMatches(trust, certificateDer, explanation);
  const remedy =
    explanation === undefined || certificateDer === undefined || requirement === undefined
      ? null
      : findReportedRemedy(explanation, {
          ...{ trust, requirement, now, nearMatches, runAt: Date.now(), store: question.store },
          presented: presentCertificate(certificateDer),
          certificateOptions: question.certificateOptions ?? nameByThumbprint(certificateDer),
          isSignatureRefused: question.isSignatureRefused ?? false,
        });
  return createExplanationReport({ ...question, nearMatches, remedy }, explanation);
}

function listNearMatches(
  trust: TrustSnapshot,
  certificateDer: Uint8Array | undefined,
  explanation: Explanation | undefined,
): readonly NearMatch[] {
  if (certificateDer === undefined || explanation?.decision.code !== 'certificate_not_trusted') return [];
  return findNearMatches(trust, presentCertificate(certificateDer));
}

type KnownFacts = Omit<Parameters<typeof findRemedy>[0], 'code' | 'identity' | 'matches' | 'paths'>;

function findReportedRemedy({ decision, matches, paths }: Explanation, facts: KnownFacts): ReportedRemedy | null {
  const denial = decision.outcome === 'denied' ? decision : decision.deferred;
  if (denial === undefined) return null;
  const identity = facts.trust.identities.find(({ name }) => name === denial.identityName);
  return findRemedy({ ...facts, code: denial.code, identity, matches, paths });
}

/** For a certificate that is in no file. */
export function nameByThumbprint(certificateDer: Uint8Array): readonly string[] {
  const { thumbprintSha256, decoding } = presentCertificate(certificateDer);
  const end = decoding.ok ? ['--not-after', formatInstant(decoding.certificate.notAfter)] : [];
  return ['--thumbprint-sha256', thumbprintSha256, ...end];
}
