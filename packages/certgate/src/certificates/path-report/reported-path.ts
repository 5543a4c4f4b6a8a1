import {
  type CertificateRevocationList,
  type PathCertificate,
  type PathCheck,
  type PathRole,
  type RevocationEvidence,
  formatInstant,
  loadPathValidation,
} from '@certgate/core/internal';

/**
 * Collects the checks that a validator reports, by the path that they belong to. The paths stay in the order in which
 * they were tried.
 */
export class PathTrace {
  readonly #paths = new Map<string, ReportedPath & { readonly checks: ReportedCheck[] }>();
  readonly #sources: EvidenceSources;

  constructor(sources: EvidenceSources = new Map()) {
    this.#sources = sources;
  }

  hear(check: PathCheck): void {
    const { trustAnchor: anchor } = check;
    const certificates = anchor === undefined ? check.certificates : [anchor, ...check.certificates];
    const key = [anchor, ...check.certificates].map((each) => each?.thumbprintSha256 ?? '').join('\n');
    const path = this.#paths.get(key) ?? {
      certificates: certificates.map((each, index) => ({
        subject: each.subjectText,
        role: each === anchor ? 'trust-anchor' : index === certificates.length - 1 ? 'end-entity' : 'intermediate',
        notBefore: formatInstant(each.notBefore),
        notAfter: formatInstant(each.notAfter),
        thumbprintSha256: each.thumbprintSha256,
      })),
      reachesTrustAnchor: anchor !== undefined,
      checks: [],
    };
    path.checks.push(describeCheck(check, certificates, this.#sources));
    this.#paths.set(key, path);
  }

  get paths(): readonly ReportedPath[] {
    return [...this.#paths.values()];
  }
}

/** The file that each revocation list came from. */
export type EvidenceSources = ReadonlyMap<CertificateRevocationList, string>;

/** A path as `--json` prints it. Keys may be added, but never removed or renamed. */
export interface ReportedPath {
  /**
   * From the trust anchor down to the end entity. If no trust anchor was reached, it begins with the highest
   * certificate that was.
   */
  readonly certificates: readonly ReportedCertificate[];
  readonly reachesTrustAnchor: boolean;
  readonly checks: readonly ReportedCheck[];
}

export interface ReportedCertificate {
  readonly subject: string;
  readonly role: PathRole;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly thumbprintSha256: string;
}

export interface ReportedCheck {
  readonly check: PathCheck['check'];
  /** The index of the certificate in `certificates`. Null if the check is about the path as a whole. */
  readonly certificate: number | null;
  /**
   * `unknown` means that the certificate's revocation status is unknown, and that this is not a reason to refuse it
   * here.
   */
  readonly verdict: 'passed' | 'failed' | 'unknown';
  readonly code: string | null;
  readonly detail: string | null;
  readonly revocation: readonly ReportedEvidence[];
}

export interface ReportedEvidence {
  readonly source: RevocationEvidence['source'];
  /** The file of the revocation list, if `certgate certificate verify` read it. Null for other evidence. */
  readonly file: string | null;
  readonly crlNumber: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly detail: string | null;
}

/** The last valid path in words, for example `CN=root → CN=billing`. Undefined if no path is valid. */
export function findValidPath(paths: readonly ReportedPath[]): string | undefined {
  const valid = paths.findLast(({ checks }) => checks.every(({ verdict }) => verdict !== 'failed'));
  return valid?.certificates.map(({ subject }) => subject).join(' → ');
}

function describeCheck(
  { check, certificate, fault, revocation }: PathCheck,
  certificates: readonly PathCertificate[],
  sources: EvidenceSources,
): ReportedCheck {
  const { status, evidence = [] } = revocation ?? {};
  const isUnknown = fault === undefined && status?.status === 'unknown';
  const { describePathFault, describeRevocationGaps } = loadPathValidation();
  return {
    check,
    certificate: certificate === undefined ? null : certificates.indexOf(certificate),
    verdict: fault !== undefined ? 'failed' : isUnknown ? 'unknown' : 'passed',
    code: fault?.code ?? null,
    detail: fault !== undefined ? describePathFault(fault) : isUnknown ? describeRevocationGaps(status.gaps) : null,
    revocation: evidence.map((each) => describeEvidence(each, sources)),
  };
}

function describeEvidence(evidence: RevocationEvidence, sources: EvidenceSources): ReportedEvidence {
  const { source, status } = evidence;
  const { thisUpdate, nextUpdate } = source === 'crl' ? evidence.crl : evidence.answer;
  return {
    source,
    file: (source === 'crl' ? sources.get(evidence.crl) : undefined) ?? null,
    crlNumber: source === 'crl' ? (evidence.crl.crlNumber?.toString() ?? null) : null,
    thisUpdate: formatInstant(thisUpdate),
    nextUpdate: nextUpdate === undefined ? null : formatInstant(nextUpdate),
    status: status.status,
    detail: describeStatus(status),
  };
}

function describeStatus(status: RevocationEvidence['status']): string | null {
  if (status.status === 'good') return null;
  if (status.status === 'unknown') return loadPathValidation().describeRevocationGaps(status.gaps);
  return Number.isFinite(status.revokedAt)
    ? `${status.reason}, since ${formatInstant(status.revokedAt)}`
    : status.reason;
}
