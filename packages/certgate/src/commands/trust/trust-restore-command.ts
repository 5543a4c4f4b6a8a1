import { Command, InvalidArgumentError } from 'commander';
import { ToolFailure } from '../../faults/tool-failure.js';
import { addHelpNote, addHelpSections } from '../command-line/help.js';
import { expectSignature } from '../../trust/administration/document-signing.js';
import { restoreDocument } from '../../trust/administration/edits/restore-document.js';
import { parseStoredDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { type DocumentArgument, readDocumentArgument } from './options/read-document-argument.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';
import { reportUpdate } from './report-update.js';

type RestoreFlags = StoreFlags & ChangeFlags & { readonly blobVersion?: string };

export function trustRestoreCommand(): Command {
  const command = new Command('restore')
    .description('Go back to an earlier document, under the next revision. A lock and the deny list stay.')
    .argument('[document]', 'the earlier document: a path, file:PATH, https:…, blob:https:…, or - for standard input');
  addStoreOption(command);
  command.option(
    '--blob-version <id>',
    'in place of a document: an earlier version of the blob in --store, by its version ID, e.g. 2026-11-25T10:00:00.1234567Z',
    parseVersionId,
  );
  addChangeOptions(command).action(restore);
  addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: "there is no document, the earlier one is not valid or not signed, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust restore yesterday.json --reason "undo the import" --dry-run --store file:trust.json',
      'git show HEAD~1:trust.json | certgate trust restore - --reason "undo the import" --store file:trust.json',
      'certgate trust restore --blob-version 2026-11-25T10:00:00.1234567Z --reason "undo the import" --store blob:https://account.blob.core.windows.net/certgate/trust.json',
    ],
  });
  return addHelpNote(
    command,
    'Running apps refuse a lower revision, so to copy an earlier document over the present one does not restore it.',
    'With a signing key, the earlier document must be signed with it too, or with a key of --signed-by: your signature vouches for everything in it.',
  );
}

async function restore(documentArgument: string | undefined, flags: RestoreFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const { description, stored } = await readEarlier(location, documentArgument, flags.blobVersion);
  const earlier = parseStoredDocument(stored, description);
  const change = await readChange('restore', flags);
  const { signingKey, signedBy } = change;
  if (signingKey !== undefined) await expectSignature(earlier, description, { signingKey, signedBy });
  const update = await updateTrustDocument(location, change, (document) => restoreDocument(document, earlier.document));
  const restoredRevision = earlier.document.revision;
  reportUpdate(
    location.description,
    update,
    {
      done: `Restored the content of revision ${restoredRevision} from ${description}.`,
      json: { restoredRevision, restoredDocumentSha256: earlier.documentSha256 },
    },
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

function parseVersionId(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a version ID, e.g. 2026-11-25T10:00:00.1234567Z.');
}
