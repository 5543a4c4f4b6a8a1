import { formatInstant } from '@certgate/core/internal';
import { formatTrustChange } from '../../faults/tool-call.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { expectSignature } from '../../trust/administration/document-signing.js';
import { isEnabled } from '../../trust/administration/edits/identity-edits.js';
import { lockDocument, restoreDocument, unlockDocument } from '../../trust/administration/edits/restriction-edits.js';
import { parseStoredDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { describeLostRestrictions } from '../../trust/administration/replace-unreadable-document.js';
import { signStoredDocument } from '../../trust/administration/sign-stored-document.js';
import { createTrustDocument } from '../../trust/administration/update-trust-document.js';
import { printJson, printLine } from '../command-line/output.js';
import { changeOrReplace, changeTrust, type ReplacingFlags } from './change-trust.js';
import { readChange } from './options/read-change.js';
import { type DocumentArgument, readDocumentArgument } from './options/read-document-argument.js';
import { type ChangeFlags, computeLatency, describeLatency } from './options/store-options.js';
import { reportUpdate } from './report-update.js';

export async function init(flags: ChangeFlags & { readonly audience?: readonly string[] }): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const update = await createTrustDocument(location, await readChange('init', flags), {
    schemaVersion: 1,
    revision: 1,
    ...(flags.audience === undefined ? {} : { audience: flags.audience }),
    identities: [],
  });
  const notes = [`Next: ${formatTrustChange('add', ['NAME'], ['--certificate', 'FILE'])}`];
  reportUpdate(location.description, update, { done: 'Created a trust document that admits nobody.', notes }, flags);
}

export async function lock(flags: ReplacingFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const request = await readChange('lock', flags);
  const { by, reason } = request;
  const locked = { since: formatInstant(Date.now()), by, reason };
  const done = 'Locked: the document admits nobody.';
  await changeOrReplace(
    location,
    request,
    {
      verb: 'lock',
      edit: (document) => lockDocument(document, locked),
      report: ({ after }) => ({
        done,
        notes: [...lockNotes, `To undo: ${formatTrustChange('unlock')}`],
        json: { locked: after.locked },
      }),
      content: { schemaVersion: 1, identities: [], locked },
      reportReplacement: () => ({
        done,
        notes: [
          'The new document lists nobody, and its deny list is empty: what the old one denied is no longer on it.',
          ...lockNotes,
          `Before you unlock it, restore an earlier document: ${formatTrustChange('restore', ['DOCUMENT'])}`,
        ],
        json: { locked },
      }),
    },
    flags,
  );
}

const lockNotes: readonly string[] = [
  "An instance that can't reach the document continues with the one it has, up to its maximumStalenessSeconds (by",
  'default a day from its last good read); one that refuses it, up to its maximumStalenessAfterRefusalSeconds (an',
  'hour). Trust stores of other documents are not locked, except together with this one in firstOf; functions',
  'that are anonymous stay open.',
];

export function unlock(flags: ChangeFlags): Promise<void> {
  return changeTrust(flags, {
    verb: 'unlock',
    edit: unlockDocument,
    report: ({ before, after: { identities } }) => {
      const disabled = identities.filter((each) => !isEnabled(each)).map(({ name }) => name);
      const still = `Still disabled: ${disabled.slice(0, 20).join(', ')}${disabled.length > 20 ? ' …' : ''}`;
      return {
        done: `Unlocked: the callers that the document lists are admitted again, ${identities.length - disabled.length} of ${identities.length} enabled.`,
        notes: disabled.length === 0 ? [] : [still],
        json: { wasLocked: before.document.locked, disabled },
      };
    },
  });
}

interface RestoreFlags extends ReplacingFlags {
  readonly blobVersion?: string;
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
      edit: (document) => restoreDocument(document, earlier.document),
      report: () => ({ done, json }),
      content: earlier.document,
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
