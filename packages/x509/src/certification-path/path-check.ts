import type { PathCertificate } from '../certificate/path-certificate.js';
import type { RevocationEvidence } from '../revocation/revocation-evidence.js';
import type { RevocationStatus } from '../revocation/revocation-status.js';
import type { PathFault, PathRole } from './path-fault.js';

/** The result of one check, for tools: what was checked, and on which path. */
export interface PathCheck {
  /** `search` says why the search goes no higher than `certificates`. */
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
  /** Undefined if the check was about the path as a whole. */
  readonly certificate: PathCertificate | undefined;
  readonly role: PathRole;
  readonly fault: PathFault | undefined;
  /** The trust anchor of the path. Undefined while the search is still on its way up to one. */
  readonly trustAnchor: PathCertificate | undefined;
  /** From the highest certificate below the trust anchor, or the highest one found until now, to the target. */
  readonly certificates: readonly PathCertificate[];
  /** Set for the check `revocation`: the status of the certificate, and each list and answer about it. */
  readonly revocation?: { readonly status: RevocationStatus; readonly evidence: readonly RevocationEvidence[] };
}

/** Called with the results of the checks of the paths that are tried. */
export type PathListener = (check: PathCheck) => void;

/** What one check reports. `noteOn` adds the path. */
export type NotedCheck = Pick<PathCheck, 'check' | 'certificate' | 'role' | 'fault' | 'revocation'>;

export type PathNote = (noted: NotedCheck) => void;

/** Undefined without a listener, so that a decision without one costs nothing more. */
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
