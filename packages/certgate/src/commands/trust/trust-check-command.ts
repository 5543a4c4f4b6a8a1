import {
  admitDocument,
  type DocumentProblem,
  formatInstant,
  type TrustSnapshot,
  verifyDocumentSignature,
} from '@certgate/core/internal';
import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls } from '../../faults/safe-text.js';
import { describeDays } from '../../faults/time-words.js';
import { missingDocument } from '../../trust/administration/load-trust-document.js';
import type { StoredDocument } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type DocumentReading, readDocument } from '../../trust/check/document-problems.js';
import type { CheckFinding, CheckSeverity } from '../../trust/check/check-finding.js';
import { listFindings } from '../../trust/check/list-findings.js';
import { reviewPublicIssuance } from '../../trust/check/public-certificates.js';
import { describeUnverified, listUnverified, type Unverified } from '../../trust/explanation/unverified.js';
import { readCertificateFolder } from '../../trust/import/certificate-folder.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { type GateFlags } from './options/gate-options.js';
import { explainKeyFault, readAdmissionOptions, readSigners } from './options/read-admission-options.js';
import type { StoreFlags } from './options/store-options.js';

interface CheckFlags extends StoreFlags, GateFlags {
  readonly within?: number;
  readonly certificateFolder?: string;
  readonly failOn: 'error' | 'warning';
  readonly at?: number;
  readonly json?: boolean;
}

export async function check(flags: CheckFlags): Promise<void> {
  const now = flags.at ?? Date.now();
  const location = await openTrustLocation(flags.store);
  const stored = await location.read();
  if (stored === undefined) throw missingDocument(location);
  const signature = await verifySignature(stored, flags);
  const reading = readDocument(stored.bytes);
  const refusal = await findRefusal(stored, reading, flags);
  const isTaken = (signature === undefined || signature === 'fits') && refusal === undefined;
  const audience = 'snapshot' in reading ? reading.snapshot.audience : undefined;
  const unverified = listUnverified({ signature: stored.signature, audience }, flags);
  const problems = 'problems' in reading ? reading.problems : [];
  const folder =
    flags.certificateFolder === undefined ? undefined : await readCertificateFolder(flags.certificateFolder, now);
  const findings =
    'snapshot' in reading ? listFindings(reading.snapshot, { now, withinDays: flags.within, folder }) : [];
  const publicPins = 'snapshot' in reading ? reviewPublicIssuance(reading.snapshot, folder, now).pins : undefined;
  for (const file of folder?.unreadable ?? [])
    printNotice(`${escapeControls(file)} contains no certificate that can be read.`);
  if (flags.json === true) {
    printJson({
      store: location.description,
      at: formatInstant(now),
      withinDays: flags.within ?? null,
      valid: problems.length === 0 && isTaken && unverified.length === 0,
      revision: 'snapshot' in reading ? reading.snapshot.revision : null,
      signature: signature ?? null,
      unverified,
      refusal: refusal ?? null,
      problems,
      findings: findings.map(describeAsJson),
      pinsFromPublicAuthorities: publicPins ?? null,
    });
  } else {
    printReport(location.description, reading, { findings, now, isTaken, unverified });
    // Without a folder it is so of every pin, and would be said in every check.
    if (folder !== undefined) printCannotTell(publicPins?.cannot_tell ?? 0);
  }
  if (signature !== undefined && signature !== 'fits') printNotice(explainSignature(signature));
  if (refusal !== undefined)
    printNotice(`${colors.red('error')} Apps with these settings refuse the document: ${refusal}`);
  process.exitCode =
    problems.length > 0 || !isTaken
      ? exitCodes.unusableInput
      : findings.some(({ severity }) => isAtLeast(severity, flags.failOn))
        ? exitCodes.failed
        : unverified.length > 0
          ? exitCodes.unverified
          : exitCodes.ok;
}

/** Why apps of this name, or that ask for this revision, refuse a valid document; the signature is told by itself. */
async function findRefusal(
  stored: StoredDocument,
  reading: DocumentReading,
  { audience, minimumRevision }: GateFlags,
): Promise<string | undefined> {
  if ('problems' in reading) return undefined;
  const admission = await admitDocument(stored, await readAdmissionOptions({ audience, minimumRevision }));
  return admission.outcome === 'refused' ? admission.fault : undefined;
}

type SignatureState = Awaited<ReturnType<typeof verifyDocumentSignature>>;

async function verifySignature(
  { bytes, signature }: StoredDocument,
  flags: GateFlags,
): Promise<SignatureState | undefined> {
  const keys = await readSigners(flags);
  if (keys === undefined) return undefined;
  try {
    return await verifyDocumentSignature(bytes, signature, keys);
  } catch (fault) {
    throw explainKeyFault(fault);
  }
}

function explainSignature(verdict: SignatureState): string {
  const what = {
    fits: 'The signature matches.',
    absent: 'The document has no signature, but --signed-by requires one.',
    malformed: 'The signature is not base64 in one line, or in two lines with one signature each.',
    wrong: 'The signature does not match this document and key: somebody else may have changed the document.',
  }[verdict];
  return `${colors.red('error')} ${what} Apps with \`signedBy\` refuse the document. Find out who changed it (certgate trust log) before you sign it (certgate trust sign).`;
}

function isAtLeast(severity: CheckSeverity, least: CheckFlags['failOn']): boolean {
  return severity === 'error' || (severity === 'warning' && least === 'warning');
}

function describeAsJson(finding: CheckFinding): object {
  const { endsAt, pin, owner, ...rest } = finding;
  return {
    ...rest,
    owner: owner ?? null,
    pin: pin ?? null,
    endsAt: endsAt === undefined ? null : formatInstant(endsAt),
  };
}

interface Inspection {
  readonly findings: readonly CheckFinding[];
  readonly now: number;
  readonly isTaken: boolean;
  readonly unverified: readonly Unverified[];
}

function printReport(store: string, reading: DocumentReading, inspection: Inspection): void {
  if ('problems' in reading) printProblems(store, reading.problems);
  else printFindings(store, reading.snapshot, inspection);
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

function printFindings(
  store: string,
  { revision, identities, authorities, audience = [] }: TrustSnapshot,
  { findings, now, isTaken, unverified }: Inspection,
): void {
  if (findings.length > 0) {
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
    if (findings.length > maximumRows)
      printLine(`… and ${findings.length - maximumRows} more; --json lists all of them`);
  }
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
