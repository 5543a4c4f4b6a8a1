import { areNamesEqual } from '../certificate/distinguished-name.js';
import { copyOwn } from '../encoding/own-members.js';
import type { CrlEntry } from './crl-entry.js';
import { findDeltaInterval, findSuccessor, getCompleteNumber, isDeltaOf } from './crl-delta.js';
import {
  allReasons,
  type CrlQuestion,
  type CrlStatement,
  type CrlStatements,
  findCrlStatements,
  findCurrentInterval,
  findUsableInterval,
  isMisnumbered,
  isOfIssuingKey,
  isSameScope,
  always,
  intersect,
  type ValidityInterval,
} from './crl-statement.js';
import type { RevocationGap, RevocationStatus } from './revocation-status.js';

/**
 * RFC 5280 §6.3.3, but stricter. It looks at all lists, not only until all reasons are covered, so that no order of
 * lists hides a revocation. In `strict`, a list of the CA shows that a certificate is not revoked only if the key that
 * signed the certificate has signed the list. In both profiles, a list shows this only while no other list proves that
 * a newer complete list exists.
 */
export function findCrlStatus(given: CrlQuestion): RevocationStatus {
  const question = copyOwn(given);
  const { certificate, issuer } = question;
  if (!areNamesEqual(certificate.issuer, issuer.subject)) {
    return { status: 'unknown', gaps: [{ reason: 'issuer_differs' }] };
  }
  const found = findCrlStatements(question);
  const clearing = found.statements.filter(({ mayClear }) => mayClear);
  const entry = findRevocation(found.statements, clearing, question);
  if (entry !== undefined) return { status: 'revoked', reason: entry.reason, revokedAt: entry.revokedAt };
  return findGoodStatus({ ...found, statements: clearing }, question);
}

/** §6.3.3 (l): uses the newest lists first, until they cover every reason. */
function findGoodStatus(found: CrlStatements, question: CrlQuestion): RevocationStatus {
  let interval = always;
  let covered = 0;
  for (const { statement, usable } of listUsableStatements(found.statements, question)) {
    // (e): the list covers no new reason.
    if ((statement.reasons & ~covered) === 0) continue;
    covered |= statement.reasons;
    interval = intersect(interval, usable);
    const ofDelta = findDeltaInterval(statement, found.statements, question);
    if (ofDelta !== undefined) interval = intersect(interval, ofDelta);
    if (covered === allReasons) return { status: 'good', ...interval };
  }
  return { status: 'unknown', gaps: [findGap(found, question)] };
}

interface UsableStatement {
  readonly statement: CrlStatement;
  readonly usable: ValidityInterval;
}

function listUsableStatements(statements: readonly CrlStatement[], question: CrlQuestion): readonly UsableStatement[] {
  return statements
    .filter(({ crl }) => crl.deltaBaseNumber === undefined)
    .filter((statement) => isOfIssuingKey(statement, question))
    .flatMap((statement) => {
      const interval = findUsableInterval(statement.crl, question);
      const outdatedFrom = findSuccessor(statement, statements)?.crl.thisUpdate ?? Infinity;
      if (interval === undefined || outdatedFrom <= question.now) return [];
      return [{ statement, usable: intersect(interval, { ...always, validUntil: outdatedFrom }) }];
    })
    .sort(({ usable: left }, { usable: right }) =>
      left.validFrom === right.validFrom ? right.validUntil - left.validUntil : right.validFrom - left.validFrom,
    );
}

/** Finds the likeliest reason for the operator why no list clears the certificate. */
function findGap({ statements, faults }: CrlStatements, question: CrlQuestion): RevocationGap {
  const bases = statements.filter(({ crl }) => crl.deltaBaseNumber === undefined);
  const [fault] = faults;
  if (bases.length === 0) return fault ?? { reason: statements.length === 0 ? 'crl_missing' : 'crl_base_missing' };
  const ofKey = bases.filter((base) => isOfIssuingKey(base, question));
  if (ofKey.length === 0) return { reason: 'crl_of_other_key' };
  const stale = ofKey.find(({ crl }) => findCurrentInterval(crl, question) === undefined);
  if (stale !== undefined) return findStaleness(stale, question);
  const [extension] = ofKey.flatMap(({ crl }) => crl.unknownCriticalExtensions);
  if (extension !== undefined) return { reason: 'crl_critical_extension', extension };
  if (ofKey.some(({ crl }) => isMisnumbered(crl, question))) return { reason: 'crl_number_unusable' };
  const superseded = ofKey.map((base) => findSupersession(base, statements, question));
  return superseded.find((gap) => gap !== undefined) ?? fault ?? { reason: 'crl_reasons_missing' };
}

function findStaleness({ crl: { thisUpdate, nextUpdate } }: CrlStatement, { now }: CrlQuestion): RevocationGap {
  if (thisUpdate > now) return { reason: 'crl_from_future', thisUpdate };
  return nextUpdate === undefined ? { reason: 'crl_without_next_update' } : { reason: 'crl_ended', nextUpdate };
}

function findSupersession(
  base: CrlStatement,
  statements: readonly CrlStatement[],
  { now }: CrlQuestion,
): RevocationGap | undefined {
  const successor = findSuccessor(base, statements);
  // If the newer list is here itself, it is the one that must be looked at.
  if (successor?.crl.deltaBaseNumber === undefined || successor.crl.thisUpdate > now) return undefined;
  const [crlNumber, newerNumber] = [String(base.crl.crlNumber), String(getCompleteNumber(successor))];
  return { reason: 'crl_superseded', crlNumber, newerNumber };
}

interface StatedEntry {
  readonly entry: CrlEntry;
  readonly statement: CrlStatement;
}

/**
 * Whether a list names the certificate (RFC 5280 §6.3.3 (i) to (k)). A list that is no longer current decides too: a
 * revocation that was seen once is not forgotten. Only a certificate on hold can come back, by a newer list.
 */
function findRevocation(
  statements: readonly CrlStatement[],
  clearing: readonly CrlStatement[],
  question: CrlQuestion,
): CrlEntry | undefined {
  const findings = statements.flatMap((statement) =>
    findEntries(statement, question)
      .filter((entry) => !isRemoval(entry, statement))
      .map((entry): StatedEntry => ({ entry, statement })),
  );
  const final = findings.find(({ entry }) => entry.reason !== 'certificateHold');
  return (final ?? findings.find((finding) => !isLifted(finding, clearing, question)))?.entry;
}

function findEntries({ crl }: CrlStatement, { certificate }: CrlQuestion): readonly CrlEntry[] {
  return crl.entries.find(certificate.serialNumber, certificate.issuer);
}

/** §5.3.1: only a delta may take an entry back. */
function isRemoval(entry: CrlEntry, { crl }: CrlStatement): boolean {
  return entry.reason === 'removeFromCRL' && crl.deltaBaseNumber !== undefined;
}

/**
 * Whether a newer list lifts the hold: a complete list without the certificate, or a delta, with its base, that removes
 * it.
 */
function isLifted({ statement }: StatedEntry, clearing: readonly CrlStatement[], question: CrlQuestion): boolean {
  return clearing.some((newer) => {
    if (!isSameScope(newer, statement) || !isNewer(newer, statement)) return false;
    if (findUsableInterval(newer.crl, question) === undefined) return false;
    const entries = findEntries(newer, question);
    if (newer.crl.deltaBaseNumber === undefined) return entries.length === 0;
    const isRemoved = entries.length > 0 && entries.every((entry) => isRemoval(entry, newer));
    return (
      isRemoved &&
      clearing.some((base) => isDeltaOf(newer, base) && findUsableInterval(base.crl, question) !== undefined)
    );
  });
}

function isNewer(newer: CrlStatement, older: CrlStatement): boolean {
  const [number, other] = [newer.crl.crlNumber, older.crl.crlNumber];
  if (number === undefined || other === undefined) return newer.crl.thisUpdate > older.crl.thisUpdate;
  return number > other && newer.crl.thisUpdate >= older.crl.thisUpdate;
}
