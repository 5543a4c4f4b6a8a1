// explanation/: what the gate decides about a certificate at a function, step by step, and what ends a denial.

import { resolve } from 'node:path';
import {
  formatInstant,
  isDeniedFor,
  presentCertificate,
  readRevocationInformation,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { findRemedy } from './denial-remedies.js';
import { explainDecision, type Explanation } from './explain-decision.js';
import { type AskedApp, type ExplainedFunction, findRequirement } from './explained-function.js';
import {
  createExplanationReport,
  heedApp,
  type ExplanationReport,
  type ExplanationSubject,
} from './explanation-report.js';
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
  /** Undefined: nobody asked the app. */
  readonly app?: AskedApp | undefined;
  /** Where relative paths of lists begin; absent: here. */
  readonly folder?: string | undefined;
  /** Undefined: the caller has no certificate. */
  readonly certificateDer: Uint8Array | undefined;
  /** The words that name this certificate to `trust add`. Default: its thumbprint. */
  readonly certificateOptions?: readonly string[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/** The one explanation, for `certgate trust explain` and for the inspector. It reads CRLs and OCSP answers where the document asks for them. */
export async function explainCertificate(question: CertificateQuestion): Promise<ExplanationReport> {
  const { trust, refusal, explained, certificateDer, now, folder } = question;
  const requirement = findRequirement(explained);
  const revocation =
    refusal === undefined
      ? await readRevocationInformation(readListsFrom(folder, trust), { certificateDer, now })
      : undefined;
  const asked = { certificateDer, trust, refusal, now, ...(revocation && { revocation }) };
  const explanation = requirement === undefined ? undefined : explainDecision({ ...asked, requirement });
  const answer = findRemedyFor(question, explanation);
  return heedApp(createExplanationReport({ ...question, ...answer }, explanation), question.app);
}

/** An app reads the lists of a relative path from its own folder. */
function readListsFrom(folder: string | undefined, trust: TrustSnapshot): TrustSnapshot {
  if (folder === undefined) return trust;
  const place = (crl: string): string =>
    crl.startsWith('file:') ? `file:${resolve(folder, crl.slice('file:'.length))}` : crl;
  const authorities = trust.authorities.map((authority) => ({
    ...authority,
    revocation: { ...authority.revocation, crls: authority.revocation.crls.map(place) },
  }));
  return { ...trust, authorities };
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
