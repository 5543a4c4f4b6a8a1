import type { PathCertificate } from '../certificate/path-certificate.js';
import type { RevocationEvidence } from '../revocation/revocation-evidence.js';
import type { RevocationStatus } from '../revocation/revocation-status.js';

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
  /** From the highest certificate below the trust anchor, or the highest until now, to the target. */
  readonly certificates: readonly PathCertificate[];
  /** At `revocation` of a certificate: what is known, and each list and answer that speaks of it. */
  readonly revocation?: { readonly status: RevocationStatus; readonly evidence: readonly RevocationEvidence[] };
}

/** Hears each check of each path that is tried. */
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

/** Why a path is refused, in the order of the checks. */
export const pathFaultCodes = [
  'path_not_found',
  'path_budget_exhausted',
  'path_signature_invalid',
  'path_certificate_malformed',
  'path_certificate_not_yet_valid',
  'path_certificate_expired',
  'path_authority_unfit',
  'path_length_exceeded',
  'path_name_not_permitted',
  'path_policy_not_satisfied',
  'path_critical_extension_unknown',
  'path_key_unsupported',
  'path_key_too_weak',
  'path_algorithm_unsupported',
  'path_algorithm_too_weak',
  'algorithm_unsupported_by_runtime',
  'path_extended_key_usage_unsuitable',
  'certificate_revoked',
  'revocation_unavailable',
  'certificate_on_deny_list',
] as const;

/** Why no path was found. */
export type PathFaultCode = (typeof pathFaultCodes)[number];

/** Why no path was found; `detail` is a sentence for people. */
export interface PathFault {
  readonly outcome: 'invalid';
  readonly code: PathFaultCode;
  /** One sentence for the operator, with the certificate it is about. */
  readonly detail: string;
  /** The certificate that is at fault, and where it stands; absent: the path as a whole. */
  readonly about?: PathFaultSubject;
  /** Of `certificate_revoked`: since when, in milliseconds, where that is known, and the reason (RFC 5280 §5.3.1). */
  readonly revoked?: { readonly at: number | undefined; readonly reason: string };
  /** Set where no other path could help: the target itself is revoked, or the budget is spent. */
  readonly isFinal?: true;
}

/** The certificate that a fault is about. */
export interface PathFaultSubject {
  readonly certificate: PathCertificate;
  readonly role: PathRole;
}

export function failPath(code: PathFaultCode, detail: string, about?: PathFaultSubject): PathFault {
  return Object.freeze({ outcome: 'invalid', code, detail, ...(about === undefined ? {} : { about }) });
}

export function failPathFinally(code: PathFaultCode, detail: string, about?: PathFaultSubject): PathFault {
  return Object.freeze({ ...failPath(code, detail, about), isFinal: true });
}
