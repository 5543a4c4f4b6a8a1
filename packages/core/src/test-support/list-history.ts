import * as fc from 'fast-check';
import { type WrittenName, writeCrl } from '@certgate/x509/test-support/certificate-writing.js';

export type CallerStatus = 'good' | 'held' | 'revoked';

/** A list that a CA's key issued at one moment. The CA issues daily, so its number is also the day of January 2027. */
export interface IssuedList {
  readonly der: Buffer;
  readonly number: number;
  /** Undefined if the list is complete, and not a delta. */
  readonly baseNumber: number | undefined;
  /** By serial number: the statuses in the list itself. A certificate that the list does not name is absent. */
  readonly named: ReadonlyMap<number, CallerStatus>;
  /** By serial number: the statuses that the CA knows at the moment of the list. */
  readonly statuses: ReadonlyMap<number, CallerStatus>;
}

/** What may happen to one caller on a day. */
const events = ['none', 'none', 'none', 'hold', 'release', 'revoke'] as const;

export interface HistoryPlan {
  /** The events by day, then by caller. */
  readonly days: readonly (readonly (typeof events)[number][])[];
  /**
   * By day: on which complete list the day's delta is based, counted back from the newest. Undefined if the day has no
   * delta.
   */
  readonly deltas: readonly (number | undefined)[];
  /** By day: whether a complete list is issued. The first day has one in any case. */
  readonly isComplete: readonly boolean[];
  /** Which key identifier the lists contain. */
  readonly keyIdentifier: 'own' | 'none' | 'other';
}

export function planHistory(dayCount: number, callerCount: number): fc.Arbitrary<HistoryPlan> {
  const daily = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.array(arbitrary, { minLength: dayCount, maxLength: dayCount });
  return fc.record({
    days: daily(fc.array(fc.constantFrom(...events), { minLength: callerCount, maxLength: callerCount })),
    deltas: daily(fc.constantFrom(undefined, 0, 0, 1)),
    isComplete: daily(fc.boolean()),
    keyIdentifier: fc.constantFrom('own', 'none', 'other'),
  });
}

/** The lists that a CA issues, in their order, if it follows RFC 5280 §5.2.4. */
export function issueHistory(
  plan: HistoryPlan,
  issuer: WrittenName,
  serialNumbers: readonly number[],
  otherKeyIdentifier: Buffer,
): readonly IssuedList[] {
  const keyIdentifier = { own: issuer.key.identifier, none: null, other: otherKeyIdentifier }[plan.keyIdentifier];
  /** The statuses by day; index 0 is the day before the first. */
  const past: ReadonlyMap<number, CallerStatus>[] = [new Map(serialNumbers.map((serial) => [serial, 'good']))];
  const complete: number[] = [];
  const issued: IssuedList[] = [];
  for (const [index, today] of plan.days.entries()) {
    const number = index + 1;
    const before = past[index] ?? new Map<number, CallerStatus>();
    const statuses = new Map(
      serialNumbers.map((serial, caller) => [serial, change(before.get(serial) ?? 'good', today[caller] ?? 'none')]),
    );
    past.push(statuses);
    const put = (baseNumber: number | undefined, named: ReadonlyMap<number, CallerStatus>): void => {
      const revoked = [...named].map(([serialNumber, status]) => ({ serialNumber, reason: reasons[status] }));
      const thisUpdate = Date.UTC(2027, 0, number);
      const nextUpdate = Date.UTC(2027, 5, 1);
      const der = writeCrl({ issuer, revoked, baseNumber, keyIdentifier, crlNumber: number, thisUpdate, nextUpdate });
      issued.push({ der, number, baseNumber, named, statuses });
    };
    const back = plan.deltas[index];
    const base = back === undefined ? undefined : complete.at(-1 - back);
    if (base !== undefined) put(base, listChanged(past, base, number));
    if (plan.isComplete[index] === true || index === 0) {
      put(undefined, new Map([...statuses].filter(([, status]) => status !== 'good')));
      complete.push(number);
    }
  }
  return issued;
}

/** The reason codes of RFC 5280 §5.3.1: certificateHold, removeFromCRL, superseded. */
const reasons: Readonly<Record<CallerStatus, number>> = { held: 6, good: 8, revoked: 4 };

function change(status: CallerStatus, event: (typeof events)[number]): CallerStatus {
  if (status === 'revoked' || event === 'none') return status;
  return ({ hold: 'held', release: 'good', revoke: 'revoked' } as const)[event];
}

/** The certificates that a delta must name (§5.2.4), including those that were put on hold and released in between. */
function listChanged(
  past: readonly ReadonlyMap<number, CallerStatus>[],
  base: number,
  number: number,
): ReadonlyMap<number, CallerStatus> {
  const now = past[number] ?? new Map<number, CallerStatus>();
  return new Map(
    [...now].filter(([serial]) =>
      past.slice(base, number + 1).some((day) => day.get(serial) !== past[base]?.get(serial)),
    ),
  );
}
