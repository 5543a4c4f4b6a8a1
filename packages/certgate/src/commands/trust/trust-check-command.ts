import { formatInstant } from '@certgate/core/internal';
import { withStore } from '../../texts/tool-call.js';
import { escapeControls } from '../../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import { missingDocument } from '../../trust/administration/load-trust-document.js';
import type { StoredDocument, TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type CheckSeverity, sortFindings } from '../../trust/check/check-finding.js';
import { type DocumentReading, readDocument } from '../../trust/check/document-problems.js';
import { createMoment, listFindings } from '../../trust/check/check-document.js';
import { reviewPublicIssuance } from '../../trust/check/public-certificates.js';
import { reviewRevocation } from '../../trust/check/review-revocation.js';
import { listUnverified } from '../../trust/explanation/unverified.js';
import { type CertificateFolder, readCertificateFolder } from '../../trust/import/certificate-folder.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printNotice } from '../command-line/output.js';
import { reportFailure } from '../command-line/report-failure.js';
import {
  type CheckReport,
  groupByOwner,
  printCheck,
  printOwners,
  reportFinding,
  reportRefusal,
  type StoreCheck,
} from './check-report.js';
import { type GateFlags } from './options/store-options.js';
import { admitByOptions, verifyBySigners } from './options/read-admission-options.js';

interface CheckFlags extends GateFlags {
  readonly store: readonly string[];
  readonly within?: number;
  readonly certificateFolder?: string;
  readonly ownerReport?: boolean;
  readonly revocation?: boolean;
  readonly failOn: 'error' | 'warning';
  readonly at?: number;
  readonly json?: boolean;
}

export async function check(flags: CheckFlags): Promise<void> {
  const now = flags.at ?? Date.now();
  const { certificateFolder, store: stores, ownerReport: isByOwner = false } = flags;
  const folder = certificateFolder === undefined ? undefined : await readCertificateFolder(certificateFolder, now);
  for (const fault of folder?.unreadable ?? []) printNotice(escapeControls(fault));
  const checks: StoreCheck[] = [];
  const failures: StoreFailure[] = [];
  for (const store of stores) {
    try {
      checks.push(await checkStore(store, { now, folder }, flags));
    } catch (failure) {
      // The other documents must still be checked.
      if (!(failure instanceof ToolFailure) || stores.length === 1) throw failure;
      failures.push({ store, failure });
    }
  }
  if (flags.json === true) {
    const owners = isByOwner ? { owners: groupByOwner(checks) } : {};
    const all = [
      ...checks.map(({ report }) => report),
      ...failures.map(({ store, failure: { message, remedy = null } }) => ({ store, error: { message, remedy } })),
    ];
    printJson(all.length === 1 ? { ...all[0], ...owners } : { stores: all, ...owners });
  } else {
    if (isByOwner) printOwners(checks, now, checks.length + failures.length);
    // Without a folder, `printCannotTell` would count every pin in use.
    for (const each of checks) printCheck(each, { now, isByOwner, hasFolder: folder !== undefined });
  }
  for (const each of checks)
    withStore(each.report.store, () => {
      reportRefusal(each);
    });
  for (const { failure } of failures) reportFailure(failure, false);
  const codes = checks.map((each) => findExitCode(each, flags.failOn));
  process.exitCode = gravest([...codes, ...failures.map(() => exitCodes.unusableInput)]);
}

interface StoreFailure {
  readonly store: string;
  readonly failure: ToolFailure;
}

interface Inquiry {
  readonly now: number;
  readonly folder: CertificateFolder | undefined;
}

async function checkStore(store: string, { now, folder }: Inquiry, flags: CheckFlags): Promise<StoreCheck> {
  const location = await openTrustLocation(store);
  return withStore(location.description, () => checkLocation(location, { now, folder }, flags));
}

async function checkLocation(
  location: TrustLocation,
  { now, folder }: Inquiry,
  flags: CheckFlags,
): Promise<StoreCheck> {
  const stored = await location.read();
  if (stored === undefined) throw missingDocument(location);
  const signature = await verifyBySigners(stored, flags);
  const reading = readDocument(stored.bytes);
  const refusal = await findRefusal(stored, reading, flags);
  const snapshot = 'snapshot' in reading ? reading.snapshot : undefined;
  const { within: withinDays } = flags;
  const own = snapshot === undefined ? [] : listFindings(snapshot, { now, withinDays, folder });
  const review =
    snapshot === undefined || flags.revocation !== true
      ? undefined
      : await reviewRevocation(snapshot, folder, createMoment({ now, withinDays }));
  const isTaken = (signature === undefined || signature === 'fits') && refusal === undefined;
  const unverified = listUnverified({ signature: stored.signature, audience: snapshot?.audience }, flags);
  const findings = review === undefined ? own : sortFindings([...own, ...review.findings]);
  const report: CheckReport = {
    store: location.description,
    at: formatInstant(now),
    withinDays: withinDays ?? null,
    valid: snapshot !== undefined && isTaken && unverified.length === 0,
    revision: snapshot?.revision ?? null,
    signature: signature ?? null,
    unverified,
    refusal: refusal ?? null,
    problems: 'problems' in reading ? reading.problems : [],
    findings: findings.map(reportFinding),
    pinsFromPublicAuthorities: snapshot === undefined ? null : reviewPublicIssuance(snapshot, folder, now).pins,
    revocation: review === undefined ? null : { lists: review.lists, responders: review.responders },
  };
  return { report, snapshot, isTaken };
}

function findExitCode(
  { report: { findings, unverified }, snapshot, isTaken }: StoreCheck,
  failOn: CheckFlags['failOn'],
): number {
  if (snapshot === undefined || !isTaken) return exitCodes.unusableInput;
  if (findings.some(({ severity }) => isAtLeast(severity, failOn))) return exitCodes.failed;
  return unverified.length > 0 ? exitCodes.unverified : exitCodes.ok;
}

/**
 * The exit code for several documents. A document that apps refuse has the highest priority, and one that was not
 * verified has the lowest.
 */
function gravest(codes: readonly number[]): number {
  const order: readonly number[] = [exitCodes.unusableInput, exitCodes.failed, exitCodes.unverified];
  return order.find((code) => codes.includes(code)) ?? exitCodes.ok;
}

function isAtLeast(severity: CheckSeverity, least: CheckFlags['failOn']): boolean {
  return severity === 'error' || (severity === 'warning' && least === 'warning');
}

/**
 * Why apps with this name, or apps that ask for this revision, refuse a valid document. The signature is reported
 * separately.
 */
async function findRefusal(
  stored: StoredDocument,
  reading: DocumentReading,
  { audience, minimumRevision }: GateFlags,
): Promise<string | undefined> {
  if ('problems' in reading) return undefined;
  const admission = await admitByOptions(stored, { audience, minimumRevision });
  return admission.outcome === 'refused' ? admission.fault : undefined;
}
