import {
  type CrlQuestion,
  type CrlStatement,
  findUsableInterval,
  isOneNumbering,
  isSameScope,
  type ValidityInterval,
} from './crl-statement.js';

/** Whether the delta may be applied to that list (RFC 5280 §5.2.4, §6.3.3 (c)). A delta is never a base. */
export function isDeltaOf(delta: CrlStatement, base: CrlStatement): boolean {
  const { deltaBaseNumber, crlNumber } = delta.crl;
  const baseNumber = base.crl.crlNumber;
  if (base.crl.deltaBaseNumber !== undefined || deltaBaseNumber === undefined) return false;
  if (crlNumber === undefined || baseNumber === undefined) return false;
  // The numbers are equal if the delta and the complete list were issued together.
  return deltaBaseNumber <= baseNumber && baseNumber <= crlNumber && isSameScope(delta, base);
}

/**
 * The interval of the newest delta that can be applied to the list now. The certificates that deltas revoke have been
 * found before.
 */
export function findDeltaInterval(
  base: CrlStatement,
  statements: readonly CrlStatement[],
  question: CrlQuestion,
): ValidityInterval | undefined {
  return statements
    .filter((delta) => isDeltaOf(delta, base))
    .flatMap((delta) => findUsableInterval(delta.crl, question) ?? [])
    .sort((left, right) =>
      left.validFrom === right.validFrom ? left.validUntil - right.validUntil : right.validFrom - left.validFrom,
    )[0];
}

/**
 * Returns the first list that proves that a newer complete list exists: that list itself, or a delta to it. A delta
 * need not repeat what its base names. So from then on, the older list no longer shows that a certificate is not
 * revoked, whatever its nextUpdate, and even if the newer list or the delta has ended. This is stricter than §6.3.3.
 */
export function findSuccessor(base: CrlStatement, statements: readonly CrlStatement[]): CrlStatement | undefined {
  const { crlNumber } = base.crl;
  if (crlNumber === undefined) return undefined;
  const [first] = statements
    .filter((other) => isOneNumbering(other, base) && getCompleteNumber(other) > crlNumber)
    .sort((left, right) => left.crl.thisUpdate - right.crl.thisUpdate);
  return first;
}

/** The number of the complete list, or of the complete list that a delta changes; -1 if the list has none. */
export function getCompleteNumber({ crl }: CrlStatement): bigint {
  return crl.deltaBaseNumber ?? crl.crlNumber ?? -1n;
}
