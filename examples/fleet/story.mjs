// The fleet: 60 apps of one company, which share a trust document, and 400 callers. November 2026, in UTC.
import { hash } from './certificates.mjs';

export const window = { begin: at(1), end: at(31) };
/** The day on which Application Insights has reached its daily cap. */
export const missingDay = { begin: at(19), end: at(20) };
/** When the present document came into use. */
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

/** What is not as usual in an app. */
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

/** Three calls of the first functions of its area, unless the story says something else. */
export const callers = areas.flatMap((area) => kinds.map((kind) => ({ name: `${area}-${kind}`, area, kind })));

/** What is not as usual about a caller. Days are those of November. */
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

/** Milliseconds. */
export function at(day, hour = 0, minute = 0) {
  return Date.UTC(2026, 10, day, hour, minute);
}

/** Numbers from 0 to 1 that are the same in every run, for one name. */
export function createChance(name) {
  let state = Number.parseInt(hash(name).slice(0, 8), 16);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
