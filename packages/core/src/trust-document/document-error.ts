// In a file of its own, so that an app that only names the error loads none of the readers.

import { CertgateError } from '@certgate/x509/internal';

export const maximumDocumentLength: number = 64 * 1024 * 1024;

/** A place in the document (`identities[0].name`; empty for the document itself), and what is wrong there. */
export interface DocumentProblem {
  readonly path: string;
  readonly message: string;
}

/** Thrown for a trust document that can't be used. `problems` lists what is wrong, and where. */
export class TrustDocumentError extends CertgateError {
  override readonly name = 'TrustDocumentError';
  declare readonly code: 'CERTGATE_TRUST_DOCUMENT_INVALID';
  readonly problems: readonly DocumentProblem[];

  /** `source` says where the document came from, such as `file trust.json`. */
  constructor(problems: readonly DocumentProblem[], source?: string) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(
      'CERTGATE_TRUST_DOCUMENT_INVALID',
      `The trust document${source === undefined ? '' : ` (${source})`} is not valid: ${first?.path === '' ? '' : `${first?.path ?? ''}: `}${first?.message ?? ''}${more}`,
    );
    this.problems = problems;
  }
}
