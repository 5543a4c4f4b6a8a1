import { type Currency, findClearance } from './crl-currency.js';
import type { CrlQuestion } from './crl-question.js';
import { type CrlStatement, isSameScope } from './crl-statement.js';

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
export function findDeltaClearance(
  base: CrlStatement,
  statements: readonly CrlStatement[],
  question: CrlQuestion,
): Currency | undefined {
  return statements
    .filter((delta) => isDeltaOf(delta, base))
    .flatMap((delta) => findClearance(delta.crl, question) ?? [])
    .sort((left, right) =>
      left.validFrom === right.validFrom ? left.validUntil - right.validUntil : right.validFrom - left.validFrom,
    )[0];
}
