import {
  type DocumentProblem,
  formatInstant,
  type TrustSnapshot,
  type verifyDocumentSignature,
} from '@certgate/core/internal';
import Table from 'cli-table3';
import colors from 'picocolors';
import { formatTrustCall } from '../../faults/tool-call.js';
import { escapeControls } from '../../faults/safe-text.js';
import { describeDays } from '../../faults/time-words.js';
import type { CheckFinding, CheckSeverity } from '../../trust/check/check-finding.js';
import type { DocumentReading } from '../../trust/check/document-problems.js';
import type { PublicIssuanceReview } from '../../trust/check/public-certificates.js';
import type { RevocationReview } from '../../trust/check/review-revocation.js';
import { describeUnverified, type Unverified } from '../../trust/explanation/unverified.js';
import { printLine, printNotice } from '../command-line/output.js';

/** What the check of one document came to. */
export interface StoreCheck {
  readonly store: string;
  readonly reading: DocumentReading;
  /** Undefined: no key to compare with was given. */
  readonly signature: SignatureState | undefined;
  /** Why apps of this name, or that ask for this revision, refuse the document. */
  readonly refusal: string | undefined;
  readonly isTaken: boolean;
  readonly unverified: readonly Unverified[];
  readonly findings: readonly CheckFinding[];
  readonly publicPins: PublicIssuanceReview['pins'] | undefined;
  /** Undefined: nobody asked for it. */
  readonly revocation: RevocationReview | undefined;
}

type SignatureState = Awaited<ReturnType<typeof verifyDocumentSignature>>;

export function describeCheckAsJson(
  { store, reading, signature, refusal, isTaken, unverified, findings, publicPins, revocation }: StoreCheck,
  { now, withinDays }: { readonly now: number; readonly withinDays: number | undefined },
): object {
  const problems = 'problems' in reading ? reading.problems : [];
  return {
    store,
    at: formatInstant(now),
    withinDays: withinDays ?? null,
    valid: problems.length === 0 && isTaken && unverified.length === 0,
    revision: 'snapshot' in reading ? reading.snapshot.revision : null,
    signature: signature ?? null,
    unverified,
    refusal: refusal ?? null,
    problems,
    findings: findings.map(describeAsJson),
    pinsFromPublicAuthorities: publicPins ?? null,
    revocation: revocation === undefined ? null : describeRevocationAsJson(revocation),
  };
}

function describeAsJson(finding: CheckFinding): object {
  const { endsAt, pin, owner, ...rest } = finding;
  return {
    ...rest,
    owner: owner ?? null,
    pin: pin ?? null,
    endsAt: formatEnd(endsAt),
  };
}

/** Who has to do something about what ends, over all documents. */
interface OwnerGroup {
  readonly owner: string | undefined;
  readonly ends: readonly { readonly store: string; readonly finding: CheckFinding }[];
}

function groupByOwner(checks: readonly StoreCheck[]): readonly OwnerGroup[] {
  const ends = checks
    .flatMap(({ store, findings }) => findings.map((finding) => ({ store, finding })))
    .filter(({ finding }) => finding.endsAt !== undefined)
    .sort((one, other) => (one.finding.endsAt ?? 0) - (other.finding.endsAt ?? 0));
  const owners = [...new Set(ends.map(({ finding }) => finding.owner))];
  return owners.map((owner) => ({ owner, ends: ends.filter(({ finding }) => finding.owner === owner) }));
}

export function describeOwnersAsJson(checks: readonly StoreCheck[]): readonly object[] {
  return groupByOwner(checks).map(({ owner, ends }) => ({
    owner: owner ?? null,
    ends: ends.map(({ store, finding }) => ({ store, ...describeAsJson(finding) })),
  }));
}

/** `count`: of all documents, with those that could not be read. */
export function printOwners(checks: readonly StoreCheck[], now: number, count: number): void {
  const groups = groupByOwner(checks);
  const read = checks.filter(({ reading }) => 'snapshot' in reading).length;
  const where = read === count ? '' : ` in the documents that can be read (${read} of ${count})`;
  if (groups.length === 0) printLine(`Nothing has ended or ends soon${where}.`);
  for (const { owner, ends } of groups) {
    printLine(owner === undefined ? 'without an owner in the document' : escapeControls(owner));
    for (const { store, finding } of ends) {
      const { severity, endsAt = now, message } = finding;
      const end = `${formatInstant(endsAt)} (${describeDays(endsAt - now)})`;
      printLine(`  ${paints[severity](severity)} ${end} ${store}: ${escapeControls(message)}`);
    }
    printLine();
  }
}

export interface PrintSettings {
  readonly now: number;
  /** What ends was printed by owner; the table has the rest. */
  readonly isByOwner: boolean;
  readonly hasFolder: boolean;
}

export function printCheck(check: StoreCheck, { now, isByOwner, hasFolder }: PrintSettings): void {
  const { store, reading, findings, publicPins, revocation } = check;
  if ('problems' in reading) {
    printProblems(store, reading.problems);
    return;
  }
  const shown = isByOwner ? findings.filter(({ endsAt }) => endsAt === undefined) : findings;
  printFindings(shown, now);
  if (revocation !== undefined) printRevocation(revocation);
  printSummary(check, reading.snapshot, now);
  if (hasFolder) printCannotTell(publicPins?.cannot_tell ?? 0);
}

function describeRevocationAsJson({ lists, responders }: RevocationReview): object {
  return {
    lists: lists.map(({ begin, end, ...rest }) => ({ ...rest, begin: formatInstant(begin), end: formatEnd(end) })),
    responders: responders.map(({ end, ...rest }) => ({ ...rest, end: formatEnd(end) })),
  };
}

function formatEnd(end: number | undefined): string | null {
  return end === undefined ? null : formatInstant(end);
}

/** What was read; what could not be read is among the findings. */
function printRevocation({ lists, responders }: RevocationReview): void {
  for (const { authority, issuer, number, source, end, isDelta } of lists) {
    const what = `${isDelta ? 'delta list' : 'list'} ${number ?? 'without a number'} of "${issuer}" from ${source ?? 'an unknown source'}`;
    printLine(escapeControls(`  ${authority}: ${what}, signed by the authority, until ${formatInstant(end)}`));
  }
  for (const { authority, responder, askedAbout, status, end } of responders) {
    const until = end === undefined ? '' : `, until ${formatInstant(end)}`;
    printLine(
      escapeControls(
        `  ${authority}: ${responder} answered ${status} about "${askedAbout}"${until}: the signature fits`,
      ),
    );
  }
}

function printProblems(store: string, problems: readonly DocumentProblem[]): void {
  printLine(
    `${colors.red('not valid')}: ${store}. Apps refuse it; a running app continues with the last good one for a limited time.`,
  );
  for (const { path, message } of problems) {
    printLine(escapeControls(`  ${path === '' ? 'the document' : path}: ${message}`));
  }
}

/** The gravest stand first. */
const maximumRows = 100;

const paints: Readonly<Record<CheckSeverity, (text: string) => string>> = {
  error: colors.red,
  warning: colors.yellow,
  information: colors.dim,
};

function printFindings(findings: readonly CheckFinding[], now: number): void {
  if (findings.length === 0) return;
  const table = new Table({
    head: ['severity', 'code', 'ends', 'owner', 'what'],
    colWidths: [null, null, null, null, 60],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { severity, code, endsAt, owner, message } of findings.slice(0, maximumRows)) {
    const end = endsAt === undefined ? '' : `${formatInstant(endsAt)} (${describeDays(endsAt - now)})`;
    table.push([paints[severity](severity), code, end, escapeControls(owner ?? ''), escapeControls(message)]);
  }
  printLine(table.toString());
  if (findings.length > maximumRows) printLine(`… and ${findings.length - maximumRows} more; --json lists all of them`);
}

function printSummary(
  { store, findings, isTaken, unverified }: StoreCheck,
  { revision, identities, authorities, audience = [] }: TrustSnapshot,
  now: number,
): void {
  const count = (wanted: CheckSeverity): number => findings.filter(({ severity }) => severity === wanted).length;
  // "valid" is what apps say of a document that they take.
  const verdict = !isTaken ? 'refused' : unverified.length > 0 ? `not verified (${unverified.join(', ')})` : 'valid';
  printLine(
    `${store}: ${verdict}, revision ${revision}, identities: ${identities.length}${authorities.length === 0 ? '' : `, authorities: ${authorities.length}`}; errors: ${count('error')}, warnings: ${count('warning')}, for information: ${count('information')}, at ${formatInstant(now)}.`,
  );
  for (const line of describeUnverified(unverified, audience))
    printLine(`${colors.yellow('not verified')} ${escapeControls(line)}`);
}

function printCannotTell(count: number): void {
  if (count === 0) return;
  printLine(
    `${count === 1 ? '1 pin is' : `${count} pins are`} of a certificate that is not in the folder, so the command can't tell whether it will lose clientAuth at renewal.`,
  );
}

/** Why apps refuse the document, where it is valid by itself. */
export function reportRefusal({ signature, refusal }: StoreCheck): void {
  if (signature !== undefined && signature !== 'fits') printNotice(explainSignature(signature));
  if (refusal !== undefined)
    printNotice(`${colors.red('error')} Apps with these settings refuse the document: ${refusal}`);
}

function explainSignature(verdict: SignatureState): string {
  const what = {
    fits: 'The signature matches.',
    absent: 'The document has no signature, but --signed-by requires one.',
    malformed: 'The signature is not base64 in one line, or in two lines with one signature each.',
    wrong: 'The signature does not match this document and key: somebody else may have changed the document.',
  }[verdict];
  return `${colors.red('error')} ${what} Apps with \`signedBy\` refuse the document. Find out who changed it before you sign it: ${formatTrustCall('log')}`;
}
