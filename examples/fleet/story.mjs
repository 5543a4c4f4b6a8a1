// The fleet: 60 apps of one company, which share a trust document, and 400 callers. November 2026, in UTC.
import { hash } from './certificates.mjs';

export const window = { begin: at(1), end: at(31) };
/** The day whose lines are missing, because Application Insights had reached its daily cap. */
export const missingDay = { begin: at(19), end: at(20) };
/** The time at which the apps change from revision 41 of the document to revision 42. */
export const documentChanges = at(10, 9);

const areas =
  'claims billing orders pricing tariffs invoices payments shipping returns stock routes drivers vehicles depots contracts customers partners quality energy reports'.split(
    ' ',
  );
const kinds =
  'api batch portal export import sync mobile monitor archive audit etl mailer scheduler gateway search loader ledger desk kiosk planner'.split(
    ' ',
  );

/** Three apps for each area, with two functions each. */
export const apps = areas.flatMap((area) => {
  const noun = area[0].toUpperCase() + area.slice(1);
  return [
    { name: `${area}-api`, area, functions: [`Get${noun}`, `List${noun}`] },
    { name: `${area}-intake`, area, functions: [`Post${noun}`, `Cancel${noun}`] },
    { name: `${area}-jobs`, area, functions: [`Run${noun}`, `Report${noun}`] },
  ];
});

/** How an app differs from the others. */
export const appStories = {
  'tariffs-api': { reads: 'mirror' },
  'pricing-api': { decisionLog: 'denials' },
  'energy-api': { isWithoutInformation: true, strangers: [at(4, 5), at(12, 2, 40), at(25, 23)] },
  'reports-api': { sampling: 4 },
  'depots-jobs': { silentFrom: at(23, 14) },
  'quality-jobs': { idleFrom: at(18), isRestartedDaily: true },
  'reports-jobs': { isWithoutLines: true },
  'contracts-api': { isRaw: true },
  'stock-intake': { isRaw: true },
  'partners-api': { isRaw: true },
  'payments-intake': { strangers: Array.from({ length: 500 }, (_, index) => at(12, 3, 17) + 100 * index) },
};

/** The callers: one of each kind for each area. documents.mjs chooses the functions that each one calls. */
export const callers = areas.flatMap((area) => kinds.map((kind) => ({ name: `${area}-${kind}`, area, kind })));

/** How a caller differs from the others. Days are those of November. */
export const callerStories = {
  'claims-export': { until: at(8, 6) },
  'invoices-etl': { until: at(5, 22) },
  'routes-audit': { until: at(14, 12) },
  'vehicles-import': { until: at(1) },
  'billing-portal': { oldPin: true },
  'orders-sync': { movesToName: at(14, 11) },
  'claims-mobile': { from: documentChanges },
  'contracts-archive': { days: [1, 15], function: 'GetContracts' },
  'stock-loader': { function: 'PostStock' },
  'tariffs-kiosk': { end: at(20, 12) },
  ...Object.fromEntries(
    ['payments-ledger', 'shipping-mobile', 'energy-monitor'].map((name, index) => [name, { end: at(34 + 6 * index) }]),
  ),
  ...Object.fromEntries(
    kinds.filter((_, index) => index % 2 === 0).map((kind) => [`partners-${kind}`, { isByName: true }]),
  ),
  'partners-ledger': { isByName: true, isNotRenewed: true },
};

/** A time in UTC, in milliseconds since 1970-01-01T00:00:00Z. `day` is a day of November 2026; 31 is December 1. */
export function at(day, hour = 0, minute = 0) {
  return Date.UTC(2026, 10, day, hour, minute);
}

/** A function that returns numbers from 0 up to, but without, 1. For one name they are the same in every run. */
export function createChance(name) {
  let state = Number.parseInt(hash(name).slice(0, 8), 16);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
