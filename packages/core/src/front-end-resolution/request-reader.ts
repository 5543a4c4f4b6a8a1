import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { type Denial, deny } from '../denial.js';
import { type FindField, type FrontEnd, joinLines } from '../front-ends/front-end.js';
import type { FrontEndSecret } from './front-end-secret.js';

/** The header field in which a front end sends the secret, in lower case. */
export const secretHeaderName = 'x-certgate-front-end-secret';

/**
 * Reads what one front end says about a request's caller. If a secret is expected, the request must prove by it that it
 * came through that front end.
 */
export class RequestReader {
  /** The names of all fields that are read, in lower case. */
  readonly fields: readonly string[];
  readonly #frontEnd: FrontEnd;
  readonly #secret: FrontEndSecret | undefined;
  readonly #acceptsChain: boolean;

  /** `secret` is undefined if no secret is expected. */
  constructor(frontEnd: FrontEnd, secret: FrontEndSecret | undefined, acceptsChain: boolean) {
    this.fields = secret === undefined ? frontEnd.fields : Object.freeze([...frontEnd.fields, secretHeaderName]);
    this.#frontEnd = frontEnd;
    this.#secret = secret;
    this.#acceptsChain = acceptsChain;
  }

  /**
   * Reads the text of the certificate without decoding it. Denies if a secret is expected and the request does not
   * bring it.
   */
  read(findField: FindField): CertificateExtraction | Denial<'front_end_bypassed'> {
    // A valid secret has no comma, so several joined lines never prove anything.
    if (this.#secret !== undefined && !this.#secret.isProvenBy(joinLines(findField(secretHeaderName))))
      return deny('front_end_bypassed', {});
    const extraction = this.#frontEnd.extract(findField);
    if (this.#acceptsChain || extraction.outcome === 'denied' || extraction.chain === undefined) return extraction;
    const { outcome, leaf, encoding, chain } = extraction;
    if (chain.isPerhapsLine === true) return deny('certificate_multiple', { isPerhapsChain: true });
    return { outcome, leaf, encoding, chain: undefined };
  }
}
