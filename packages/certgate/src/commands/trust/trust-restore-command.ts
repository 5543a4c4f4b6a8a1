import { ToolFailure } from '#local/tool-failure.js';
import { expectSignature } from '../../trust/administration/document-signing.js';
import { expectDisabledToStay, restoreDocument } from '../../trust/administration/edits/restriction-edits.js';
import { parseStoredDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import {
  describeLostRestrictions,
  listReadableIdentities,
} from '../../trust/administration/replace-unreadable-document.js';
import { signStoredDocument } from '../../trust/administration/sign-stored-document.js';
import { printJson, printLine } from '../command-line/output.js';
import { changeOrReplace, type ReplacingFlags } from './change-trust.js';
import { readChange } from './options/read-change.js';
import { type DocumentArgument, readDocumentArgument } from './options/read-document-argument.js';
import { type ChangeFlags, computeLatency, describeLatency } from './options/store-options.js';

interface RestoreFlags extends ReplacingFlags {
  readonly blobVersion?: string;
  /** The names of identities that may be enabled again. */
  readonly reEnable?: readonly string[];
}

export async function restore(documentArgument: string | undefined, flags: RestoreFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const { description, stored } = await readEarlier(location, documentArgument, flags.blobVersion);
  const earlier = parseStoredDocument(stored, description);
  const request = await readChange('restore', flags);
  const { signingKey, signedBy } = request;
  if (signingKey !== undefined) await expectSignature(earlier, description, { signingKey, signedBy });
  const restoredRevision = earlier.document.revision;
  const done = `Restored the content of revision ${restoredRevision} from ${description}.`;
  const json = { restoredRevision, restoredDocumentSha256: earlier.documentSha256 };
  await changeOrReplace(
    location,
    request,
    {
      verb: 'restore',
      edit: (document) => restoreDocument(document, earlier.document, flags.reEnable),
      report: () => ({ done, json }),
      content: ({ stored: replaced }) => {
        expectDisabledToStay(listReadableIdentities(replaced), earlier.document, flags.reEnable);
        return earlier.document;
      },
      reportReplacement: ({ stored: replaced }) => ({ done, notes: describeLostRestrictions(replaced), json }),
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

type SignFlags = ChangeFlags & { readonly documentSha256?: string };

export async function sign(flags: SignFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const { signingKey, ...change } = await readChange('sign', flags);
  if (signingKey === undefined) {
    throw new ToolFailure('No key to sign with is given.', {
      remedy: 'Pass its file with --signing-key, or its URL in Azure Key Vault with --key-vault-key.',
    });
  }
  const { outcome, revision, documentSha256, signature } = await signStoredDocument(location, {
    ...change,
    signingKey,
    ...(flags.documentSha256 === undefined ? {} : { reviewedSha256: flags.documentSha256 }),
  });
  const store = location.description;
  if (flags.json === true) {
    const countsWithinSeconds = computeLatency(flags);
    const { name, publicKey } = signingKey;
    const key = { name, publicKey };
    printJson({ store, outcome, revision, documentSha256, signature, key, countsWithinSeconds });
  } else if (outcome === 'planned') {
    printLine(`Revision ${revision} in ${store} was not signed, because of --dry-run.`);
  } else {
    printLine(`Signed revision ${revision} in ${store} with ${signingKey.name}.`);
    printLine(describeLatency(flags));
  }
}
