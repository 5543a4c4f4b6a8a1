import { ToolFailure } from '../../faults/tool-failure.js';
import { expectSignature } from '../../trust/administration/document-signing.js';
import { restoreDocument } from '../../trust/administration/edits/restore-document.js';
import { parseStoredDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import {
  describeLostRestrictions,
  expectNoRevision,
  expectUsableRevision,
  explainMissingRevision,
  findLoggedRevision,
  findUnreadable,
  replaceUnreadableDocument,
} from '../../trust/administration/replace-unreadable-document.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { type DocumentArgument, readDocumentArgument } from './options/read-document-argument.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { describeReplacement, reportUpdate } from './report-update.js';

type RestoreFlags = ChangeFlags & { readonly blobVersion?: string; readonly revision?: number };

export async function restore(documentArgument: string | undefined, flags: RestoreFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const { description, stored } = await readEarlier(location, documentArgument, flags.blobVersion);
  const earlier = parseStoredDocument(stored, description);
  const change = await readChange('restore', flags);
  const { signingKey, signedBy } = change;
  if (signingKey !== undefined) await expectSignature(earlier, description, { signingKey, signedBy });
  const { revision } = flags;
  if (revision !== undefined) expectUsableRevision(revision);
  const unreadable = await findUnreadable(location, change);
  if (unreadable === undefined) expectNoRevision(revision);
  else if (revision === undefined) throw await explainMissingRevision(location, unreadable, 'restore');
  const restoredRevision = earlier.document.revision;
  const done = `Restored the content of revision ${restoredRevision} from ${description}.`;
  const json = { restoredRevision, restoredDocumentSha256: earlier.documentSha256 };
  if (unreadable === undefined || revision === undefined) {
    const update = await updateTrustDocument(location, change, (document) =>
      restoreDocument(document, earlier.document),
    );
    reportUpdate(location.description, update, { done, json }, flags);
    return;
  }
  const content = { ...earlier.document, revision };
  const replacement = await replaceUnreadableDocument(location, change, unreadable, content);
  const notes = [
    ...describeReplacement(replacement, await findLoggedRevision(location)),
    ...describeLostRestrictions(unreadable.stored),
  ];
  reportUpdate(
    location.description,
    replacement,
    { done, notes, json: { ...json, keptAt: replacement.keptAt ?? null } },
    flags,
  );
}

async function readEarlier(
  location: TrustLocation,
  documentArgument: string | undefined,
  blobVersion: string | undefined,
): Promise<DocumentArgument> {
  if ((documentArgument === undefined) === (blobVersion === undefined)) {
    throw new ToolFailure('Name one earlier document: by its location, or by --blob-version.');
  }
  if (blobVersion === undefined) return readDocumentArgument(documentArgument ?? '');
  if (location.readVersion === undefined) {
    throw new ToolFailure(`${location.description} has no versions: only blobs do.`, {
      remedy: 'Name the location of the earlier document.',
    });
  }
  const description = `version ${blobVersion} of ${location.description}`;
  const stored = await location.readVersion(blobVersion);
  if (stored !== undefined) return { description, stored };
  throw new ToolFailure(`There is no ${description}.`, {
    remedy:
      'To see its versions: az storage blob list --include v --auth-mode login --prefix … (the account must keep versions)',
  });
}
