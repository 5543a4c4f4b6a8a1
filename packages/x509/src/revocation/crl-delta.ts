import {
  type CrlQuestion,
  type CrlStatement,
  findUsableInterval,
  isOneNumbering,
  isSameScope,
  type ValidityInterval,
} from './crl-statement.js';

/** RFC 5280 §5.2.4, §6.3.3 (c): may the delta be applied to that list? A delta is no base. */
export function isDeltaOf(delta: CrlStatement, base: CrlStatement): boolean {
  const { deltaBaseNumber, crlNumber } = delta.crl;
  const baseNumber = base.crl.crlNumber;
  if (base.crl.deltaBaseNumber !== undefined || deltaBaseNumber === undefined) return false;
  if (crlNumber === undefined || baseNumber === undefined) return false;
  // The same number where both were issued at once.
  return deltaBaseNumber <= baseNumber && baseNumber <= crlNumber && isSameScope(delta, base);
}

/** The interval of the newest delta that can be applied to the list now. What deltas name as revoked is found before. */
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
 * The first list that tells of a complete list newer than this one: that list itself, or a delta to it. What the newer one
 * names, a delta to it needn't. So from then on the older one no longer says that a certificate is not revoked, whatever its
 * nextUpdate, and also where the newer one, or the delta, has ended. Stricter than §6.3.3.
 */
export function findSuccessor(base: CrlStatement, statements: readonly CrlStatement[]): CrlStatement | undefined {
  const { crlNumber } = base.crl;
  if (crlNumber === undefined) return undefined;
  const [first] = statements
    .filter((other) => isOneNumbering(other, base) && getCompleteNumber(other) > crlNumber)
    .sort((left, right) => left.crl.thisUpdate - right.crl.thisUpdate);
  return first;
}

/** Of the complete list that it is, or is a delta to. */
export function getCompleteNumber({ crl }: CrlStatement): bigint {
  return crl.deltaBaseNumber ?? crl.crlNumber ?? -1n;
}
