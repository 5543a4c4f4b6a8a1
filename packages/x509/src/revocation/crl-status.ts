import { areNamesEqual } from '../certificate/distinguished-name.js';
import { copyOwn } from '../encoding/own-members.js';
import { formatInstant } from '../encoding/timestamp.js';
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
  intersect,
  isMisnumbered,
  isOfIssuingKey,
  isSameScope,
  type ValidityInterval,
} from './crl-statement.js';
import type { RevocationStatus } from './revocation-status.js';

/**
 * RFC 5280 §6.3.3. Stricter than there: all lists are looked at, not only as many as cover all reasons, so that no order of
 * lists hides a revocation; and a list counts for "not revoked" only by the key that signed the certificate (in `strict`),
 * and while no other list tells of a newer complete one.
 */
export function findCrlStatus(given: CrlQuestion): RevocationStatus {
  const question = copyOwn(given);
  const { certificate, issuer } = question;
  if (!areNamesEqual(certificate.issuer, issuer.subject)) {
    return { status: 'unknown', detail: 'The certificate has another issuer.' };
  }
  const found = findCrlStatements(question);
  const clearing = found.statements.filter(({ mayClear }) => mayClear);
  const entry = findRevocation(found.statements, clearing, question);
  if (entry !== undefined) return { status: 'revoked', reason: entry.reason, revokedAt: entry.revokedAt };
  return findGoodStatus({ ...found, statements: clearing }, question);
}

/** §6.3.3 (l): lists are taken, the newest first, until they cover every reason. */
function findGoodStatus(found: CrlStatements, question: CrlQuestion): RevocationStatus {
  let interval: ValidityInterval = { validFrom: -Infinity, validUntil: Infinity };
  let covered = 0;
  for (const { statement, usable } of listUsableStatements(found.statements, question)) {
    // (e): nothing new.
    if ((statement.reasons & ~covered) === 0) continue;
    covered |= statement.reasons;
    interval = intersect(interval, usable);
    const ofDelta = findDeltaInterval(statement, found.statements, question);
    if (ofDelta !== undefined) interval = intersect(interval, ofDelta);
    if (covered === allReasons) return { status: 'good', ...interval };
  }
  return { status: 'unknown', detail: describeGap(found, question) };
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
      return [{ statement, usable: intersect(interval, { validFrom: -Infinity, validUntil: outdatedFrom }) }];
    })
    .sort(({ usable: left }, { usable: right }) =>
      left.validFrom === right.validFrom ? right.validUntil - left.validUntil : right.validFrom - left.validFrom,
    );
}

/** For the operator, the likeliest first. */
function describeGap({ statements, faults }: CrlStatements, question: CrlQuestion): string {
  const bases = statements.filter(({ crl }) => crl.deltaBaseNumber === undefined);
  const [fault] = faults;
  if (bases.length === 0) {
    if (fault !== undefined) return fault;
    return statements.length === 0 ? 'No CRL is about the certificate.' : 'There is a delta CRL without its base.';
  }
  const ofKey = bases.filter((base) => isOfIssuingKey(base, question));
  if (ofKey.length === 0) {
    return 'The CRLs are signed by other keys of the CA than the one that signed the certificate; add the list of that key.';
  }
  const stale = ofKey.find(({ crl }) => findCurrentInterval(crl, question) === undefined);
  if (stale !== undefined) return describeStale(stale, question);
  const [unknown] = ofKey.flatMap(({ crl }) => crl.unknownCriticalExtensions);
  if (unknown !== undefined) return `A CRL has the critical extension ${unknown}, which is not understood.`;
  if (ofKey.some(({ crl }) => isMisnumbered(crl, question)))
    return 'A CRL has no number, or a critical one (RFC 5280 §5.2.3).';
  const outdated = ofKey.map((base) => describeOutdated(base, statements, question));
  return outdated.find((text) => text !== undefined) ?? fault ?? 'The CRLs don’t cover every reason for a revocation.';
}

function describeStale({ crl }: CrlStatement, { now }: CrlQuestion): string {
  if (crl.thisUpdate > now) return `A CRL is from the future (${formatInstant(crl.thisUpdate)}); compare the clocks.`;
  if (crl.nextUpdate === undefined) return 'A CRL doesn’t say when the next one comes.';
  return `A CRL was due to be replaced at ${formatInstant(crl.nextUpdate)}.`;
}

function describeOutdated(
  base: CrlStatement,
  statements: readonly CrlStatement[],
  { now }: CrlQuestion,
): string | undefined {
  const successor = findSuccessor(base, statements);
  if (successor === undefined || successor.crl.thisUpdate > now) return undefined;
  return `A delta CRL belongs to the complete CRL ${getCompleteNumber(successor)}, and the one in use is ${base.crl.crlNumber}; publish the newer one.`;
}

interface StatedEntry {
  readonly entry: CrlEntry;
  readonly statement: CrlStatement;
}

/**
 * Does any list name the certificate (RFC 5280 §6.3.3 (i) to (k))? One that is no longer current counts as well: a
 * revocation once seen is not forgotten. Only a certificate on hold comes back, by what a newer list says.
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

/** By a newer list that doesn't have the certificate any more, or a newer delta, with its base, that takes it back. */
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
