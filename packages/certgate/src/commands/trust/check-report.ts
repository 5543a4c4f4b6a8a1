import type { DocumentProblem, TrustSnapshot, verifyDocumentSignature } from '@certgate/core/internal';
import colors from 'picocolors';
import { formatTrustCall } from '../../texts/tool-call.js';
import { escapeControls } from '../../texts/safe-text.js';
import { describeDays, formatOptionalTime } from '../../texts/time-words.js';
import type { CheckFinding, CheckSeverity } from '../../trust/check/check-finding.js';
import type { PublicIssuanceReview } from '../../trust/check/public-certificates.js';
import type { RevocationReview } from '../../trust/check/review-revocation.js';
import { describeUnverified, type Unverified } from '../../trust/explanation/unverified.js';
import { printLine, printNotice } from '../command-line/output.js';
import { type Column, formatTable } from '../command-line/table.js';

/** What `trust check --json` prints about one document. */
export interface CheckReport {
  readonly store: string;
  readonly at: string;
  readonly withinDays: number | null;
  readonly valid: boolean;
  readonly revision: number | null;
  /** Null if the user gave no key to verify it with. */
  readonly signature: SignatureState | null;
  readonly unverified: readonly Unverified[];
  /**
   * Why apps with this name, or apps that ask for this revision, refuse the document. Null if they accept it, or if
   * `problems` says what is wrong with the document itself.
   */
  readonly refusal: string | null;
  readonly problems: readonly DocumentProblem[];
  readonly findings: readonly ReportedFinding[];
  readonly pinsFromPublicAuthorities: PublicIssuanceReview['pins'] | null;
  /** Null if the user did not ask for it, or if the document has `problems`. */
  readonly revocation: Pick<RevocationReview, 'lists' | 'responders'> | null;
}

type SignatureState = Awaited<ReturnType<typeof verifyDocumentSignature>>;

interface ReportedFinding extends Omit<CheckFinding, 'owner' | 'pin' | 'endsAt'> {
  readonly owner: string | null;
  readonly pin: CheckFinding['pin'] | null;
  readonly endsAt: string | null;
}

export function reportFinding({ endsAt, pin, owner, ...rest }: CheckFinding): ReportedFinding {
  return { ...rest, owner: owner ?? null, pin: pin ?? null, endsAt: formatOptionalTime(endsAt) };
}

/** The check of one document, and what the text output needs in addition. */
export interface StoreCheck {
  readonly report: CheckReport;
  /** Undefined if the document is not valid. */
  readonly snapshot: TrustSnapshot | undefined;
  readonly isTaken: boolean;
}

/** The ends in all documents for which one owner must act. The owner is null if the documents name none. */
interface OwnerGroup {
  readonly owner: string | null;
  readonly ends: readonly (ReportedFinding & { readonly store: string })[];
}

export function groupByOwner(checks: readonly StoreCheck[]): readonly OwnerGroup[] {
  const ends = checks
    .flatMap(({ report: { store, findings } }) => findings.map((finding) => ({ store, ...finding })))
    .filter(({ endsAt }) => endsAt !== null)
    .sort((one, other) => Date.parse(one.endsAt ?? '') - Date.parse(other.endsAt ?? ''));
  const owners = [...new Set(ends.map(({ owner }) => owner))];
  return owners.map((owner) => ({ owner, ends: ends.filter((finding) => finding.owner === owner) }));
}

/** `count` is the number of all documents, including those that could not be read. */
export function printOwners(checks: readonly StoreCheck[], now: number, count: number): void {
  const groups = groupByOwner(checks);
  const read = checks.filter(({ snapshot }) => snapshot !== undefined).length;
  const where = read === count ? '' : ` in the documents that can be read (${read} of ${count})`;
  if (groups.length === 0) printLine(`Nothing has ended or ends soon${where}.`);
  for (const { owner, ends } of groups) {
    printLine(owner === null ? 'without an owner in the document' : escapeControls(owner));
    for (const { store, severity, endsAt, message } of ends) {
      printLine(`  ${paints[severity](severity)} ${describeEnd(endsAt, now)} ${store}: ${escapeControls(message)}`);
    }
    printLine();
  }
}

function describeEnd(endsAt: string | null, now: number): string {
  return endsAt === null ? '' : `${endsAt} (${describeDays(Date.parse(endsAt) - now)})`;
}

export interface PrintSettings {
  readonly now: number;
  /** Whether `printOwners` has already printed what ends, so that the table shows only the rest. */
  readonly isByOwner: boolean;
  readonly hasFolder: boolean;
}

export function printCheck(check: StoreCheck, { now, isByOwner, hasFolder }: PrintSettings): void {
  const { report, snapshot } = check;
  if (snapshot === undefined) {
    printProblems(report);
    return;
  }
  const { findings, pinsFromPublicAuthorities, revocation } = report;
  printFindings(isByOwner ? findings.filter(({ endsAt }) => endsAt === null) : findings, now);
  if (revocation !== null) printRevocation(revocation);
  printSummary(check, snapshot);
  if (hasFolder) printCannotTell(pinsFromPublicAuthorities?.cannot_tell ?? 0);
}

/** Prints what was read. What could not be read is among the findings. */
function printRevocation({ lists, responders }: NonNullable<CheckReport['revocation']>): void {
  for (const { authority, issuer, number, source, end, isDelta } of lists) {
    const what = `${isDelta ? 'delta list' : 'list'} ${number ?? 'without a number'} of "${issuer}" from ${source ?? 'an unknown source'}`;
    printLine(escapeControls(`  ${authority}: ${what}, signed by the authority, until ${end}`));
  }
  for (const { authority, responder, askedAbout, status, end } of responders) {
    const until = end === null ? '' : `, until ${end}`;
    printLine(
      escapeControls(
        `  ${authority}: ${responder} answered ${status} about "${askedAbout}"${until}: the signature fits`,
      ),
    );
  }
}

function printProblems({ store, problems }: CheckReport): void {
  printLine(
    `${colors.red('not valid')}: ${store}. Apps refuse it; a running app continues with the last good one for a limited time.`,
  );
  for (const { path, message } of problems) {
    printLine(escapeControls(`  ${path === '' ? 'the document' : path}: ${message}`));
  }
}

/** The most rows of the table. The most severe findings are first, so these are shown. */
const maximumRows = 100;

const paints: Readonly<Record<CheckSeverity, (text: string) => string>> = {
  error: colors.red,
  warning: colors.yellow,
  information: colors.dim,
};

function printFindings(findings: readonly ReportedFinding[], now: number): void {
  if (findings.length === 0) return;
  const columns: readonly Column<ReportedFinding>[] = [
    ['severity', ({ severity }) => severity, ({ severity }) => paints[severity]],
    ['code', ({ code }) => code],
    ['ends', ({ endsAt }) => describeEnd(endsAt, now)],
    ['owner', ({ owner }) => owner ?? ''],
    ['what', ({ message }) => message],
  ];
  printLine(formatTable(columns, findings.slice(0, maximumRows), { widths: [null, null, null, null, 60] }));
  if (findings.length > maximumRows) printLine(`… and ${findings.length - maximumRows} more; --json lists all of them`);
}

function printSummary(
  { report: { store, at, findings, unverified }, isTaken }: StoreCheck,
  { revision, identities, authorities, audience = [] }: TrustSnapshot,
): void {
  const count = (wanted: CheckSeverity): number => findings.filter(({ severity }) => severity === wanted).length;
  // Only a document that apps accept may be called "valid".
  const verdict = !isTaken ? 'refused' : unverified.length > 0 ? `not verified (${unverified.join(', ')})` : 'valid';
  printLine(
    `${store}: ${verdict}, revision ${revision}, identities: ${identities.length}${authorities.length === 0 ? '' : `, authorities: ${authorities.length}`}; errors: ${count('error')}, warnings: ${count('warning')}, for information: ${count('information')}, at ${at}.`,
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

/** Prints why apps refuse the document for its signature, or for a setting that the command line names. */
export function reportRefusal({ report: { signature, refusal } }: StoreCheck): void {
  if (signature !== null && signature !== 'fits') printNotice(explainSignature(signature));
  if (refusal !== null) printNotice(`${colors.red('error')} Apps with these settings refuse the document: ${refusal}`);
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
