import type { PathCertificate } from '../certificate/path-certificate.js';
import type { DenialCode } from '../denial.js';
import type { RevocationEvidence } from '../revocation/revocation-evidence.js';
import type { RevocationStatus } from '../revocation/revocation-information.js';

/** Where a certificate stands in its path. */
export type PathRole = 'trust-anchor' | 'intermediate' | 'end-entity' | 'crl-signer';

/** One check as it ended, for tools: what was looked at, on which path, and what came of it. */
export interface PathCheck {
  /** `search`: why the search for a path doesn't go on above `certificates`. */
  readonly check:
    | 'search'
    | 'validity'
    | 'certificate'
    | 'purpose'
    | 'issuer'
    | 'path-length'
    | 'signature'
    | 'names'
    | 'policies'
    | 'revocation';
  /** Undefined: the path as a whole. */
  readonly certificate: PathCertificate | undefined;
  readonly role: PathRole;
  readonly fault: PathFault | undefined;
  /** Of the path that is being looked at; undefined: the search is still on its way up to one. */
  readonly trustAnchor: PathCertificate | undefined;
  /** From the highest certificate below the trust anchor, or the highest so far, to the target. */
  readonly certificates: readonly PathCertificate[];
  /** At `revocation` of a certificate: what is known, and each list and answer that speaks of it. */
  readonly revocation?: { readonly status: RevocationStatus; readonly evidence: readonly RevocationEvidence[] };
}

export type PathListener = (check: PathCheck) => void;

/** One check of a path that the listener is told about. */
export type NotedCheck = Pick<PathCheck, 'check' | 'certificate' | 'role' | 'fault' | 'revocation'>;

export type PathNote = (noted: NotedCheck) => void;

/** Undefined where nobody listens, so that deciding without a trace costs nothing for it. */
export function noteOn(
  onCheck: PathListener | undefined,
  certificates: readonly PathCertificate[],
  trustAnchor?: PathCertificate,
): PathNote | undefined {
  if (onCheck === undefined) return undefined;
  return (noted) => {
    onCheck({ ...noted, trustAnchor, certificates });
  };
}

/** Why a path is refused; each is a denial code of its own, named by the section that refuses. */
export type PathFaultCode = Extract<DenialCode, `path_${string}` | 'certificate_revoked' | 'revocation_unavailable'>;

export interface PathFault {
  readonly outcome: 'invalid';
  readonly code: PathFaultCode;
  /** One sentence for the operator, with the certificate it is about. */
  readonly detail: string;
  /** Set where no other path could help: the target itself is revoked, or the budget is spent. */
  readonly isFinal?: true;
}

export function failPath(code: PathFaultCode, detail: string): PathFault {
  return Object.freeze({ outcome: 'invalid', code, detail });
}

export function failPathFinally(code: PathFaultCode, detail: string): PathFault {
  return Object.freeze({ outcome: 'invalid', code, detail, isFinal: true });
}
