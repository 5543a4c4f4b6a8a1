/** [validFrom, validUntil) in milliseconds since 1970-01-01T00:00:00Z. */
export interface ValidityInterval {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** The interval that limits nothing. */
export const always: ValidityInterval = Object.freeze({ validFrom: -Infinity, validUntil: Infinity });

export function intersect(left: ValidityInterval, right: ValidityInterval): ValidityInterval {
  return {
    validFrom: Math.max(left.validFrom, right.validFrom),
    validUntil: Math.min(left.validUntil, right.validUntil),
  };
}
