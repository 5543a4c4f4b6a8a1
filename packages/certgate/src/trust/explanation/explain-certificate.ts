// explanation/: what the gate decides about a certificate at a function, step by step, and what ends a denial.

import { resolve } from 'node:path';
import {
  isDeniedFor,
  presentCertificate,
  readRevocationInformation,
  type RevocationInformation,
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
  const answer = findRemedyFor(question, explanation, revocation);
  return heedApp(createExplanationReport({ ...question, ...answer }, explanation), question.app);
}

/** An app reads the lists of a relative path from its own folder. */
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

/** What ends the denial, or what is let through as report-only. */
function findRemedyFor(
  question: CertificateQuestion,
  explanation: Explanation | undefined,
  revocation: RevocationInformation | undefined,
): Pick<ExplanationSubject, 'nearMatches' | 'remedy'> {
  const { trust, explained, certificateDer, now, store, isSignatureRefused = false } = question;
  const decision = explanation?.decision;
  const denial = decision?.outcome === 'denied' ? decision : decision?.deferred;
  const requirement = findRequirement(explained);
  if (denial === undefined || requirement === undefined) return { nearMatches: [], remedy: null };
  const presented = certificateDer && presentCertificate(certificateDer);
  const nearMatches =
    presented !== undefined && isDeniedFor(denial, 'certificate_not_trusted')
      ? findNearMatches(trust, presented, denial.facts?.authorities)
      : [];
  const { identityName } = denial;
  const remedy = findRemedy(denial, {
    ...{ identityName, trust, requirement, now, presented, nearMatches, store, isSignatureRefused },
    ...{ decidedAt: now, runAt: Date.now() },
    listEnd: findListEnd(denial.facts, revocation, now),
    isLockedBySetting: denial.facts !== undefined && 'setting' in denial.facts,
  });
  return { nearMatches, remedy };
}

/** When the first of the authority's lists ended that are over. */
export function findListEnd(
  facts: object | undefined,
  revocation: RevocationInformation | undefined,
  now: number,
): number | undefined {
  if (facts === undefined || !('authority' in facts) || typeof facts.authority !== 'string') return undefined;
  const ends = (revocation?.find(facts.authority)?.crls ?? []).flatMap(({ nextUpdate }) => nextUpdate ?? []);
  const over = ends.filter((end) => end < now);
  return over.length === 0 ? undefined : Math.min(...over);
}
