import { type KeptRevocation, readRevocationInformation, type TrustSnapshot } from '@certgate/core/internal';
import { readInspectedPolicy } from '../app/inspection/inspected-policy.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import type { LocalTrust } from '../local-app/local-app.js';
import {
  hashDocument,
  type LoadedTrustDocument,
  missingDocument,
  parseStoredDocument,
} from '../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../trust/administration/open-trust-location.js';
import { explainCertificate } from '../trust/explanation/explain-certificate.js';
import type { CertificateQuestion, ExplanationReport } from '../trust/explanation/explanation-report.js';
import { listUnverified } from '../trust/explanation/unverified.js';
import type { RunningApp } from './inspected-app.js';

/** A trust document as it is now, and the name of its store. */
export interface InspectedTrust {
  readonly store: string;
  readonly loaded: LoadedTrustDocument;
}

/** @throws {ToolFailure} if the document can't be read. */
export async function loadInspectedTrust(address: string | undefined): Promise<InspectedTrust> {
  if (address === undefined) {
    throw new ToolFailure('The app setting CERTGATE_TRUST holds the trust document itself, which is not read here.', {
      remedy: 'Write the document to a file: certgate dev --trust FILE',
    });
  }
  const location = await openTrustLocation(address);
  const stored = await location.read();
  if (stored === undefined) throw missingDocument(location);
  const key = JSON.stringify([location.description, hashDocument(stored.bytes), stored.signature]);
  if (latest?.key !== key) {
    const loaded = parseStoredDocument(stored, location.description);
    latest = { key, trust: { store: location.description, loaded } };
  }
  return latest.trust;
}

/** The document as it is now. Undefined if it can't be read here. */
export async function findInspectedSnapshot({
  trust,
}: Pick<RunningApp['app'], 'trust'>): Promise<TrustSnapshot | undefined> {
  try {
    return (await loadInspectedTrust(trust.address)).loaded.snapshot;
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return undefined;
  }
}

/**
 * The document that was loaded last. It is read at each load, but parsed only if it changed, so that explanations by
 * the same document share their revocation lists.
 */
let latest: { readonly key: string; readonly trust: InspectedTrust } | undefined;

const listsMilliseconds = 2000;
const lists = new WeakMap<TrustSnapshot, { readonly at: number; readonly read: Promise<KeptRevocation> }>();

/** Reads CRLs once for all explanations by the same document within two seconds. */
export const readSharedRevocation: typeof readRevocationInformation = async (trust, options) => {
  const known = lists.get(trust);
  const now = performance.now();
  const isRecent = known !== undefined && now - known.at < listsMilliseconds;
  const { read } = isRecent ? known : { read: readRevocationInformation(trust, { now: options.now }) };
  if (!isRecent) lists.set(trust, { at: now, read });
  return readRevocationInformation(trust, { ...options, lists: await read });
};

/**
 * What the app's gate would decide now about a certificate at one of its functions, as the same report that `certgate
 * trust explain --json` prints.
 *
 * @throws {ToolFailure} if the trust document can't be read.
 */
export async function explainForApp(
  { app }: Pick<RunningApp, 'app'>,
  hosted: HostedFunction,
  certificateDer: Uint8Array | undefined,
  now: number,
): Promise<ExplanationReport> {
  const { store, loaded } = await loadInspectedTrust(app.trust.address);
  return explainCertificate({
    store,
    trust: loaded.snapshot,
    certificateDer,
    now,
    ...readTrustState(loaded, app.trust),
    explained: { name: hosted.name, policy: readInspectedPolicy(hosted), covered: hosted.covered },
    readRevocation: readSharedRevocation,
  });
}

/**
 * What is known about whether the app accepts the document. If the app's gate reports the same revision, it has
 * accepted the document and checked everything that its options require.
 */
export function readTrustState(
  { snapshot, signature }: LoadedTrustDocument,
  trust: LocalTrust | undefined,
): Pick<CertificateQuestion, 'refusal' | 'isSigned' | 'unverified'> {
  const read = trust?.read;
  const isTaken = read !== undefined && read.fault === undefined && read.revision === snapshot.revision;
  const refused = (read?.parts ?? [read]).find((part) => part?.fault !== undefined && part.revision === undefined);
  return {
    isSigned: signature !== undefined,
    unverified: isTaken ? [] : listUnverified({ signature, audience: snapshot.audience }, {}),
    ...(refused ? { refusal: `The app's gate could not read ${refused.source}: ${refused.fault}` } : {}),
  };
}
