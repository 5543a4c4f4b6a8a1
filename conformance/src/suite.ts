import type { PolicyInputs, ValidationProfile } from '@certgate/x509/path';

/** How a suite is written down; deviations are listed by it. */
export type SuiteForm = 'pkits' | 'ocsp' | 'limbo';

export interface Suite {
  readonly form: SuiteForm;
  readonly title: string;
  /** The file that it was read from. */
  readonly source: string;
  readonly profile: ValidationProfile;
  readonly cases: readonly ConformanceCase[];
}

/** One question with the answer that the suite's authors expect. */
export interface ConformanceCase {
  readonly id: string;
  readonly section: string;
  readonly isValid: boolean;
  /** Object identifiers; undefined: the suite doesn't say. */
  readonly expectedPolicies: readonly string[] | undefined;
  readonly material: CaseMaterial;
  /** Milliseconds since 1970-01-01T00:00:00Z; undefined: the time of the run. */
  readonly now: number | undefined;
  /** What must be known of revocation: of each certificate, of the last one, or nothing. */
  readonly revocation: 'chain' | 'end-entity' | 'off';
  /** Object identifiers of extended key usages; none: whoever may use the certificate. */
  readonly purposes: readonly string[];
  readonly policies: PolicyInputs | undefined;
  readonly maximumIntermediates: number | undefined;
  /** What a suite asks beside the path, which is for the application to check. */
  readonly peer: PeerExpectation;
}

/** DER throughout. */
export interface CaseMaterial {
  readonly target: Uint8Array;
  readonly trustAnchors: readonly Uint8Array[];
  readonly intermediates: readonly Uint8Array[];
  /** Certificates that are there for CRLs alone. */
  readonly crlSigners: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly ocspResponses: readonly Uint8Array[];
}

export interface PeerExpectation {
  readonly names: readonly PeerName[];
  /** RFC 5280's names of bits that the key usage, where it is there, must have. */
  readonly keyUsage: readonly string[];
}

export interface PeerName {
  readonly kind: 'DNS' | 'IP' | 'RFC822';
  readonly value: string;
}

export const noPeerExpectation: PeerExpectation = Object.freeze({ names: [], keyUsage: [] });

/** The data can't be run: not there, not readable, of no known form. Ends the run with 2, never as a test's failure. */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
}
