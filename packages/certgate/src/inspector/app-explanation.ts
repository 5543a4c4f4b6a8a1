import { readInspectedPolicy } from '../app/inspection/inspected-policy.js';
import { ToolFailure } from '../faults/tool-failure.js';
import type { HostedFunction } from '../local/functions-host/functions-host.js';
import type { LocalTrust } from '../local/local-app/local-app.js';
import { loadTrustDocument, type LoadedTrustDocument } from '../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../trust/administration/open-trust-location.js';
import { explainCertificate } from '../trust/explanation/explain-certificate.js';
import type { CertificateQuestion, ExplanationReport } from '../trust/explanation/explanation-report.js';
import { listUnverified } from '../trust/explanation/unverified.js';
import type { RunningApp } from './inspected-app.js';

/** A trust document as it is now, and what it is called by. */
export interface InspectedTrust {
  readonly store: string;
  readonly loaded: LoadedTrustDocument;
}

/** @throws {ToolFailure} where it can't be read. */
export async function loadInspectedTrust(address: string | undefined): Promise<InspectedTrust> {
  if (address === undefined) {
    throw new ToolFailure('The app setting CERTGATE_TRUST holds the trust document itself, which is not read here.', {
      remedy: 'Write the document to a file, and start certgate dev with --trust FILE.',
    });
  }
  const location = await openTrustLocation(address);
  return { store: location.description, loaded: await loadTrustDocument(location) };
}

/**
 * What the app's gate decides now about a certificate at one of its functions: the same report as that of
 * `certgate trust explain --json`.
 *
 * @throws {ToolFailure} where the trust document can't be read.
 */
export async function explainForApp(
  { app }: Pick<RunningApp, 'app'>,
  hosted: HostedFunction,
  certificateDer: Uint8Array | undefined,
  now: number,
): Promise<ExplanationReport> {
  const { store, loaded } = await loadInspectedTrust(app.trust.address);
  return explainCertificate({
    ...{ store, trust: loaded.snapshot, certificateDer, now },
    ...readTrustState(loaded, app.trust),
    explained: { name: hosted.name, policy: readInspectedPolicy(hosted), covered: hosted.covered },
  });
}

/**
 * What is known of whether the app takes the document. Its own gate said what it read when it started: what it took then,
 * it has compared with all that its options ask for.
 */
export function readTrustState(
  { snapshot, signature }: LoadedTrustDocument,
  trust: LocalTrust | undefined,
): Pick<CertificateQuestion, 'refusal' | 'isSigned' | 'unverified'> {
  const read = trust?.read;
  const isTaken = read !== undefined && read.fault === undefined && read.revision === snapshot.revision;
  const isRefused = read?.fault !== undefined && read.revision === undefined;
  return {
    isSigned: signature !== undefined,
    unverified: isTaken ? [] : listUnverified({ signature, audience: snapshot.audience }, {}),
    ...(isRefused ? { refusal: `The app's gate could not read the document when it started: ${read.fault}` } : {}),
  };
}
