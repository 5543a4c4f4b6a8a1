import type { DenialCode } from '../denial.js';

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
