import { type Fleet, type FleetApp, isLive, runsByTurns } from './fleet-rows.js';
import type { InstanceView } from './instance-view.js';
import { findFirsts } from './newest-documents.js';

/**
 * Whether an app runs the expected document: `cannot_tell` where its newest lines are from before the document was first
 * seen, or may be those of an instance that is gone.
 */
export type ExpectationVerdict = 'has' | 'other' | 'cannot_tell';

export interface AppExpectation {
  readonly app: string;
  readonly verdict: ExpectationVerdict;
  /** Of `has`: how many digits were compared. */
  readonly comparedDigits: number | undefined;
  /** Of the newest line that tells the app's document; undefined: none does. */
  readonly at: number | undefined;
}

export interface Expectation {
  /** At least 16 upper-case hexadecimal digits. */
  readonly sha256: string;
  /** When a line first said that an app has it. */
  readonly since: number | undefined;
  readonly apps: readonly AppExpectation[];
}

export function expectDocument(fleet: Fleet, sha256: string): Expectation {
  const since = findFirsts(fleet.apps).get(sha256.slice(0, 16));
  const apps = fleet.apps.map((app) => expectOfApp(app, sha256, since, fleet.silentAfter));
  const absent = fleet.absent.map((app): AppExpectation => ({
    ...{ app, verdict: 'cannot_tell', comparedDigits: undefined, at: undefined },
  }));
  return { sha256, since, apps: [...apps, ...absent].sort((one, other) => (one.app < other.app ? -1 : 1)) };
}

/** Every instance counts, and of an app that can't be told apart into instances, all that was said lately. */
function expectOfApp(app: FleetApp, sha256: string, since: number | undefined, silentAfter: number): AppExpectation {
  const found = app.views.map((view) => expectOfView(app, view, sha256, since, silentAfter));
  const { forgottenLast, last } = app.state;
  const isPartial = forgottenLast !== undefined && forgottenLast >= last - silentAfter;
  const verdicts = found.map(({ verdict }) => verdict);
  const times = app.views.flatMap(({ documentsAt }) => documentsAt ?? []);
  // An instance whose place others took, by lines that say nothing of their document, may have had a newer one than they.
  const isToldLater = app.replacedToldAt !== undefined && times.every((time) => time < (app.replacedToldAt ?? time));
  const isUnknown = isPartial || isToldLater || verdicts.length === 0 || verdicts.includes('cannot_tell');
  const verdict = verdicts.includes('other') ? 'other' : isUnknown ? 'cannot_tell' : 'has';
  return {
    app: app.name,
    verdict,
    comparedDigits: verdict === 'has' ? Math.min(...found.map(({ digits = 64 }) => digits)) : undefined,
    at: times.length === 0 ? undefined : Math.max(...times),
  };
}

interface ViewExpectation {
  readonly verdict: ExpectationVerdict;
  readonly digits?: number;
}

function expectOfView(
  app: FleetApp,
  view: InstanceView,
  sha256: string,
  since: number | undefined,
  silentAfter: number,
): ViewExpectation {
  const { documents = [], documentsAt } = view;
  const known = documents.flatMap(({ sha256: digits = '' }) => (isComparable(digits) ? digits.toUpperCase() : []));
  const same = known.find((digits) => haveSameStart(digits, sha256));
  if (same !== undefined && runsByTurns(app, view, silentAfter)) return { verdict: 'cannot_tell' };
  if (same !== undefined) return { verdict: 'has', digits: Math.min(same.length, sha256.length) };
  // Of a document without digits, nothing can be compared.
  if (documentsAt === undefined || known.length < documents.length || known.length === 0)
    return { verdict: 'cannot_tell' };
  const isLater = since === undefined || documentsAt >= since;
  return { verdict: isLater && isLive(app, view) ? 'other' : 'cannot_tell' };
}

/** A trust store of the app's own may name its documents by other words than a SHA-256. */
function isComparable(digits: string): boolean {
  return /^[\dA-F]{16,64}$/i.test(digits);
}

function haveSameStart(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
