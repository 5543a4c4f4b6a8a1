import type { PolicyInputs, ValidationProfile } from '@certgate/x509/path';

/** The form of a suite. The deviations are listed by it. */
export type SuiteForm = 'pkits' | 'ocsp' | 'limbo';

export interface Suite {
  readonly form: SuiteForm;
  readonly title: string;
  /** The path of the file that the suite was read from. */
  readonly source: string;
  readonly profile: ValidationProfile;
  readonly cases: readonly ConformanceCase[];
}

/** One question, with the answer that the suite's authors expect. */
export interface ConformanceCase {
  readonly id: string;
  readonly section: string;
  readonly isValid: boolean;
  /** The expected policies, as object identifiers. Undefined if the suite doesn't name them. */
  readonly expectedPolicies: readonly string[] | undefined;
  readonly material: CaseMaterial;
  /** The time of the validation, in milliseconds since 1970-01-01T00:00:00Z. Undefined for the time of the run. */
  readonly now: number | undefined;
  /** Which certificates need a known revocation status: all of them, only the last one, or none. */
  readonly revocation: 'chain' | 'end-entity' | 'off';
  /** The required extended key usages, as object identifiers. If the list is empty, every usage is accepted. */
  readonly purposes: readonly string[];
  readonly policies: PolicyInputs | undefined;
  readonly maximumIntermediates: number | undefined;
  /** What the suite requires of the peer besides the path. The application must check it. */
  readonly peer: PeerExpectation;
}

/** The material of a case. All of it is DER. */
export interface CaseMaterial {
  readonly target: Uint8Array;
  readonly trustAnchors: readonly Uint8Array[];
  readonly intermediates: readonly Uint8Array[];
  /** Certificates that only sign CRLs. */
  readonly crlSigners: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly ocspResponses: readonly Uint8Array[];
}

export interface PeerExpectation {
  readonly names: readonly PeerName[];
  /** The bits that the key usage must have if the certificate has one, in RFC 5280's names. */
  readonly keyUsage: readonly string[];
}

export interface PeerName {
  readonly kind: 'DNS' | 'IP' | 'RFC822';
  readonly value: string;
}

export const noPeerExpectation: PeerExpectation = Object.freeze({ names: [], keyUsage: [] });

/**
 * Thrown if the data can't be run: it is missing, unreadable or of an unknown form. The run then ends with exit code 2,
 * as it is not the failure of a test.
 */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
}
