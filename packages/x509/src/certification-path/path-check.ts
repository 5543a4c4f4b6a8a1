import type { PathCertificate } from '../certificate/path-certificate.js';
import type { RevocationEvidence } from '../revocation/revocation-evidence.js';
import type { RevocationStatus } from '../revocation/revocation-status.js';
import type { PathFault, PathRole } from './path-fault.js';

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
