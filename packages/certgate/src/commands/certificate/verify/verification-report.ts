import { decodeClientCertificate, formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { type ReportedPath, describePath } from '../../../certificates/path-report/reported-path.js';
import type { Verification } from './verification.js';

/** What `certgate certificate verify --json` prints. Keys are only ever added; `text` is for people. */
export interface VerificationReport {
  readonly version: 1;
  readonly certificate: {
    readonly subject: string | null;
    readonly issuer: string | null;
    readonly serialNumber: string | null;
    readonly notBefore: string | null;
    readonly notAfter: string | null;
    readonly thumbprintSha256: string | null;
  };
  readonly authority: string;
  readonly trustAnchors: number;
  readonly intermediates: number;
  readonly at: string;
  readonly profile: string;
  /** Object identifiers; empty: not asked. */
  readonly purposes: readonly string[];
  readonly revocation: { readonly mode: string; readonly scope: string };
  readonly outcome: 'valid' | 'invalid';
  /** The denial code; null where it is valid. */
  readonly code: string | null;
  readonly detail: string | null;
  /** Subjects from the trust anchor's down; null where no path holds. */
  readonly path: readonly string[] | null;
  /** The last moment at which every certificate of the path is valid. */
  readonly validUntil: string | null;
  /** When what is known of revocation is over; null: not asked, not known, or without an end. */
  readonly revocationCurrentUntil: string | null;
  /** Object identifiers; 2.5.29.32.0 stands for any. */
  readonly policies: readonly string[] | null;
  /** All that were tried, in that order. */
  readonly paths: readonly ReportedPath[];
}

export function createVerificationReport(verification: Verification): VerificationReport {
  const { certificateDer, verdict, now, trustAnchors, intermediates, profile, purposes, authority } = verification;
  const decoding = decodeClientCertificate(certificateDer);
  const certificate = decoding.ok ? decoding.certificate : undefined;
  const { mode, scope } = verification.revocation;
  const paths = verification.paths.map((path) => describePath(path, verification.sources));
  return {
    version: 1,
    certificate: {
      subject: certificate?.subject ?? null,
      issuer: certificate?.issuer ?? null,
      serialNumber: certificate === undefined ? null : formatSerialNumber(certificate.serialNumber),
      notBefore: certificate === undefined ? null : formatInstant(certificate.notBefore),
      notAfter: certificate === undefined ? null : formatInstant(certificate.notAfter),
      thumbprintSha256: certificate?.thumbprintSha256 ?? null,
    },
    authority,
    trustAnchors: trustAnchors.length,
    intermediates: intermediates.length,
    at: formatInstant(now),
    profile,
    purposes,
    revocation: { mode, scope },
    outcome: verdict.outcome,
    ...describeVerdict(verification),
    paths,
  };
}

function describeVerdict({
  verdict,
  paths,
}: Verification): Pick<
  VerificationReport,
  'code' | 'detail' | 'path' | 'validUntil' | 'revocationCurrentUntil' | 'policies'
> {
  if (verdict.outcome === 'invalid') {
    const { code, detail } = verdict;
    return { code, detail, path: null, validUntil: null, revocationCurrentUntil: null, policies: null };
  }
  const { trustAnchor, certificates, validUntil, currentUntil, userConstrainedPolicySet } = verdict;
  // The path that holds is the last that was tried.
  const statuses = paths.at(-1)?.checks.flatMap(({ revocation }) => revocation?.status.status ?? []) ?? [];
  const isKnown = statuses.every((status) => status === 'good') && Number.isFinite(currentUntil);
  return {
    code: null,
    detail: null,
    path: [trustAnchor, ...certificates].map(({ subjectText }) => subjectText),
    // An interval without its end (RFC 5280 §4.1.2.5: notAfter is still within the validity).
    validUntil: formatInstant(validUntil - 1),
    revocationCurrentUntil: isKnown ? formatInstant(currentUntil) : null,
    policies: userConstrainedPolicySet,
  };
}
