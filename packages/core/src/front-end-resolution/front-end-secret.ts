import { timingSafeEqual } from 'node:crypto';
import { invalidArgument } from '@certgate/x509/internal';

const grammar = /^[A-Za-z0-9._~+/=-]{32,256}$/;

/** One value, or two while they are exchanged: the front end changes over at a moment of its own. */
export type FrontEndSecretOption = string | readonly [string, string];

/**
 * Compares the secret that a request brings in constant time. Both values are compared at every request, so that the time
 * does not tell which one was right.
 */
export class FrontEndSecret {
  readonly #values: readonly { readonly expected: Buffer; readonly given: Buffer }[];

  /** @throws {CertgateError} for a value that is too short, too long, or that a header field can't carry as it is. */
  constructor(option: FrontEndSecretOption) {
    this.#values = expectSecret(option).map((value) => {
      const expected = Buffer.from(value, 'latin1');
      return { expected, given: Buffer.alloc(expected.length) };
    });
  }

  /** `given` is the text of the field. */
  isProvenBy(given: string | null | undefined): boolean {
    if (given === null || given === undefined) return false;
    // A character beyond Latin-1 would lose its high octet below, and might look like another one.
    if (Buffer.byteLength(given) !== given.length) return false;
    let isProven = false;
    for (const value of this.#values) {
      // A secret's length is no secret. The whole of `value.given` is overwritten.
      if (given.length !== value.expected.length) continue;
      value.given.write(given, 'latin1');
      const isSame = timingSafeEqual(value.given, value.expected);
      isProven = isSame || isProven;
    }
    return isProven;
  }
}

/** @throws {CertgateError} as `FrontEndSecret`. */
export function expectSecret(option: FrontEndSecretOption): readonly string[] {
  const values = typeof option === 'string' ? [option] : [...option];
  const isValid = values.length > 0 && values.length <= 2 && values.every((value) => grammar.test(value));
  if (!isValid) throw invalidArgument(grammarDetail);
  return values;
}

const grammarDetail =
  'it must be one or two values of 32 to 256 characters of A-Z a-z 0-9 . _ ~ + / = -. To make one: openssl rand -hex 32';
