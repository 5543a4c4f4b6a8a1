import { timingSafeEqual } from 'node:crypto';
import { invalidArgument } from '@certgate/x509/internal';

const grammar = /^[A-Za-z0-9._~+/=-]{32,256}$/;

/**
 * One secret, or two while they are exchanged, because the front end changes to the new one at another moment than the
 * app.
 */
export type FrontEndSecretOption = string | readonly [string, string];

/**
 * Compares a request's secret in constant time with each value of the same length, so that the time does not show which
 * value was right.
 */
export class FrontEndSecret {
  readonly #values: readonly { readonly expected: Buffer; readonly given: Buffer }[];

  /** @throws {CertgateError} in the same cases as `expectSecret`. */
  constructor(option: FrontEndSecretOption) {
    this.#values = expectSecret(option).map((value) => {
      const expected = Buffer.from(value, 'latin1');
      return { expected, given: Buffer.alloc(expected.length) };
    });
  }

  /** Whether the text of the header field is the secret. */
  isProvenBy(given: string | null | undefined): boolean {
    if (given === null || given === undefined) return false;
    // A character beyond Latin-1 would lose its high octet below, and might then look like another character.
    if (Buffer.byteLength(given) !== given.length) return false;
    let isProven = false;
    for (const value of this.#values) {
      // The length of a secret is not secret. The write below overwrites all of `value.given`.
      if (given.length !== value.expected.length) continue;
      value.given.write(given, 'latin1');
      const isSame = timingSafeEqual(value.given, value.expected);
      isProven = isSame || isProven;
    }
    return isProven;
  }
}

/**
 * Returns the values of the option.
 *
 * @throws {CertgateError} if there are not one or two values, or if one does not have 32 to 256 characters of those
 * that `grammar` allows. A header field carries these characters unchanged.
 */
export function expectSecret(option: FrontEndSecretOption): readonly string[] {
  const values = typeof option === 'string' ? [option] : [...option];
  const isValid = values.length > 0 && values.length <= 2 && values.every((value) => grammar.test(value));
  if (!isValid) throw invalidArgument(grammarDetail);
  return values;
}

const grammarDetail =
  'it must be one or two values of 32 to 256 characters of A-Z a-z 0-9 . _ ~ + / = -. To make one: openssl rand -hex 32';
