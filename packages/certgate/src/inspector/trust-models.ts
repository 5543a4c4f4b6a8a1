import { readDropped } from '../trust/certificate-reading/read-dropped.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type CertificateFolder, readCertificateFolder } from '../trust/import/certificate-folder.js';
import { createTrustView } from '../trust/validity/trust-view.js';
import { loadInspectedTrust, readSharedRevocation, readTrustState } from './app-explanation.js';
import { listShownFunctions, type InspectedSubject } from './inspected-app.js';
import type { DroppedFile, ReadResult, TrustView } from '../trust/views/page-views.js';

/**
 * Describes the trust document. `notice` gets a line for each file in the folder that is named like a certificate's,
 * but can't be read as one.
 *
 * @throws {ToolFailure} if the document, the folder or an authority can't be read.
 */
export async function describeTrust(
  subject: InspectedSubject,
  notice: (line: string) => void = () => undefined,
): Promise<TrustView> {
  const now = findMoment(subject);
  const { store, loaded } = await loadInspectedTrust(addressOf(subject));
  const folder = await findCertificateFolder(subject, now);
  for (const fault of folder?.unreadable ?? []) notice(fault);
  const about =
    'running' in subject
      ? { coverage: listShownFunctions(subject.running) }
      : { authorities: await subject.readAuthorities?.() };
  return createTrustView({ store, snapshot: loaded.snapshot, at: now, folder, ...about });
}

/**
 * Describes the file in words. If the trust document can be read, also explains whether it would admit the first three
 * certificates of callers in the file.
 */
export async function readCertificate(file: DroppedFile, subject: InspectedSubject): Promise<ReadResult> {
  const now = findMoment(subject);
  try {
    const { store, loaded } = await loadInspectedTrust(addressOf(subject));
    const state = readTrustState(loaded, 'running' in subject ? subject.running.app.trust : undefined);
    return await readDropped(file, {
      now,
      trust: { store, trust: loaded.snapshot, ...state, readRevocation: readSharedRevocation },
    });
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return readDropped(file, { now });
  }
}

function findMoment(subject: InspectedSubject): number {
  return 'running' in subject ? Date.now() : (subject.at ?? Date.now());
}

function addressOf(subject: InspectedSubject): string | undefined {
  return 'running' in subject ? subject.running.app.trust.address : subject.store;
}

/**
 * The folder with the certificates of pins, because a pin is only a hash and its certificate's dates are in the file.
 * For a running app it is the folder of the development callers. Undefined if there is none.
 */
async function findCertificateFolder(subject: InspectedSubject, now: number): Promise<CertificateFolder | undefined> {
  const path = 'running' in subject ? subject.running.app.developmentFolder : subject.certificateFolder;
  return path === undefined ? undefined : readCertificateFolder(path, now);
}
