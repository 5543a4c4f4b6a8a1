import { resolve } from 'node:path';
import {
  admitDocument,
  type DocumentAdmission,
  parseTrustAddress,
  verifyDocumentSignature,
} from '@certgate/core/internal';
import { ToolFailure } from '../../faults/tool-failure.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { explainCertificate } from '../../trust/explanation/explain-certificate.js';
import {
  type ExplainedFunction,
  findExplainedFunction,
  type FunctionFlags,
} from '../../trust/explanation/explained-function.js';
import type { ExplanationReport } from '../../trust/explanation/explanation-report.js';
import { formatExplanation } from '../../trust/explanation/explanation-text.js';
import { listUnverified, listUnverifiedOfApp } from '../../trust/explanation/unverified.js';
import type { PasswordFlags } from '../certificate/password-options.js';
import { readCertificateArgument } from '../certificate/read-certificate-argument.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine } from '../command-line/output.js';
import { type GateFlags } from './options/gate-options.js';
import { explainKeyFault, readAdmissionOptions, readSigners } from './options/read-admission-options.js';
import type { StoreFlags } from './options/store-options.js';

export interface ExplainFlags extends StoreFlags, GateFlags, FunctionFlags, PasswordFlags {
  /** False: `--no-certificate`. */
  readonly certificate?: string | false;
  readonly at?: number;
  readonly json?: boolean;
}

export async function explain(flags: ExplainFlags): Promise<void> {
  const { report, explained } = await explainCall(flags);
  if (flags.json === true) printJson(report);
  else printLine(formatExplanation(report, explained));
  process.exitCode =
    report.outcome === 'allowed'
      ? exitCodes.ok
      : report.outcome === 'unverified'
        ? exitCodes.unverified
        : exitCodes.failed;
}

/** All of the command but its output. @throws {ToolFailure} for what can't be used. */
export async function explainCall(
  flags: ExplainFlags,
): Promise<{ readonly report: ExplanationReport; readonly explained: ExplainedFunction }> {
  if (flags.certificate === undefined) {
    throw new ToolFailure('No caller is given.', {
      remedy: 'Pass a certificate with --certificate <file>, or pass --no-certificate.',
    });
  }
  if (flags.app !== undefined && flags.requiresRole !== undefined) {
    throw new ToolFailure('--app and --requires-role both say what the function requires.', {
      remedy: 'Use only one of them.',
    });
  }
  const certificateDer =
    flags.certificate === false ? undefined : (await readCertificateArgument(flags.certificate, flags)).certificateDer;
  const location = await openTrustLocation(flags.store);
  const loaded = await loadTrustDocument(location);
  const admission = await admit(loaded, flags);
  const trust = admission.outcome === 'taken' ? admission.snapshot : loaded.snapshot;
  const refusal =
    admission.outcome === 'taken'
      ? undefined
      : `An app with these options does not accept the document (${location.description}): ${admission.fault}`;
  const now = flags.at ?? Date.now();
  const certificate =
    certificateDer === undefined ? {} : { certificate: Buffer.from(certificateDer).toString('base64') };
  const { explained, app } = await findExplainedFunction(flags, nameForApp(flags.store), { ...certificate, now });
  const isCompared = app?.answer !== undefined && app.isByDocument;
  const report = await explainCertificate({
    ...{ store: location.description, trust, explained, app, certificateDer, now, folder: flags.app },
    refusal: refusal ?? (app?.startFault && `The app does not start with this document: ${app.startFault}`),
    isSigned: loaded.signature !== undefined,
    isSignatureRefused: await isSignatureRefused(loaded, flags),
    unverified: [
      ...(isCompared ? [] : listUnverified({ signature: loaded.signature, audience: trust.audience }, flags)),
      ...(explained.policy.kind === 'certificate' ? listUnverifiedOfApp(app, flags) : []),
    ],
  });
  return { report, explained };
}

/** As an app setting has it: an app is loaded in its own folder. */
function nameForApp(store: string): string {
  const address = parseTrustAddress(store);
  return address.kind === 'file' ? resolve(address.path) : store;
}

/** As the app's store, at its start. */
async function admit({ bytes, signature }: LoadedTrustDocument, flags: GateFlags): Promise<DocumentAdmission> {
  try {
    return await admitDocument({ bytes, signature }, await readAdmissionOptions(flags));
  } catch (fault) {
    throw explainKeyFault(fault);
  }
}

async function isSignatureRefused({ bytes, signature }: LoadedTrustDocument, flags: GateFlags): Promise<boolean> {
  const keys = await readSigners(flags);
  return keys !== undefined && (await verifyDocumentSignature(bytes, signature, keys)) !== 'fits';
}
