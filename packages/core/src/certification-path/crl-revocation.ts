import { findClearance } from './crl-currency.js';
import type { CrlEntry } from './crl-entry.js';
import { isDeltaOf } from './crl-delta.js';
import type { CrlQuestion } from './crl-question.js';
import { type CrlStatement, isSameScope } from './crl-statement.js';

interface Finding {
  readonly entry: CrlEntry;
  readonly statement: CrlStatement;
}

/**
 * Does any list name the certificate (RFC 5280 §6.3.3 (i) to (k))? One that is no longer current counts as well: a
 * revocation once seen is not forgotten. Only a certificate on hold comes back, by what a newer list says.
 */
export function findRevocation(statements: readonly CrlStatement[], question: CrlQuestion): CrlEntry | undefined {
  const findings = statements.flatMap((statement) =>
    findEntries(statement, question)
      .filter((entry) => !isRemoval(entry, statement))
      .map((entry): Finding => ({ entry, statement })),
  );
  const final = findings.find(({ entry }) => entry.reason !== 'certificateHold');
  return (final ?? findings.find((finding) => !isLifted(finding, statements, question)))?.entry;
}

function findEntries({ crl }: CrlStatement, { certificate }: CrlQuestion): readonly CrlEntry[] {
  return crl.entries.find(certificate.serialNumber, certificate.issuer);
}

/** §5.3.1: only a delta may take an entry back. */
function isRemoval(entry: CrlEntry, { crl }: CrlStatement): boolean {
  return entry.reason === 'removeFromCRL' && crl.deltaBaseNumber !== undefined;
}

/** By a newer list that doesn't have the certificate any more, or a newer delta, with its base, that takes it back. */
function isLifted({ statement }: Finding, statements: readonly CrlStatement[], question: CrlQuestion): boolean {
  return statements.some((newer) => {
    if (!isSameScope(newer, statement) || !isNewer(newer, statement)) return false;
    if (findClearance(newer.crl, question) === undefined) return false;
    const entries = findEntries(newer, question);
    if (newer.crl.deltaBaseNumber === undefined) return entries.length === 0;
    const isRemoved = entries.length > 0 && entries.every((entry) => isRemoval(entry, newer));
    return (
      isRemoved && statements.some((base) => isDeltaOf(newer, base) && findClearance(base.crl, question) !== undefined)
    );
  });
}

function isNewer(newer: CrlStatement, older: CrlStatement): boolean {
  const [number, other] = [newer.crl.crlNumber, older.crl.crlNumber];
  if (number === undefined || other === undefined) return newer.crl.thisUpdate > older.crl.thisUpdate;
  return number > other && newer.crl.thisUpdate >= older.crl.thisUpdate;
}
