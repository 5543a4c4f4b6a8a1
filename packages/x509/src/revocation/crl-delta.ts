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
 * The first delta whose base is newer than the list: the CA has issued a complete list since, and what that one names, a
 * delta to it needn't. So from then on the list no longer says that a certificate is not revoked, whatever its nextUpdate.
 * Stricter than §6.3.3, which leaves such a delta out. That the base exists doesn't end with the delta's nextUpdate.
 */
export function findDeltaOfNewerBase(
  base: CrlStatement,
  statements: readonly CrlStatement[],
): CrlStatement | undefined {
  const baseNumber = base.crl.crlNumber;
  const [first] = statements
    .filter(
      (delta) =>
        delta.crl.deltaBaseNumber !== undefined &&
        (baseNumber === undefined || delta.crl.deltaBaseNumber > baseNumber) &&
        isOneNumbering(delta, base),
    )
    .sort((left, right) => left.crl.thisUpdate - right.crl.thisUpdate);
  return first;
}
