import { formatInstant } from '@certgate/core/internal';
import { formatTrustChange } from '../../faults/tool-call.js';
import { lockDocument } from '../../trust/administration/edits/lock-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import {
  expectNoRevision,
  expectUsableRevision,
  explainMissingRevision,
  findLoggedRevision,
  findUnreadable,
  replaceUnreadableDocument,
} from '../../trust/administration/replace-unreadable-document.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { describeReplacement, reportUpdate } from './report-update.js';

type LockFlags = ChangeFlags & { readonly revision?: number };

export async function lock(flags: LockFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const change = await readChange('lock', flags);
  const { by, reason } = change;
  const wanted = { since: formatInstant(Date.now()), by, reason };
  const { revision } = flags;
  if (revision !== undefined) expectUsableRevision(revision);
  const unreadable = await findUnreadable(location, change);
  if (unreadable === undefined) expectNoRevision(revision);
  else if (revision === undefined) throw await explainMissingRevision(location, unreadable, 'lock');
  if (unreadable === undefined || revision === undefined) {
    const update = await updateTrustDocument(location, change, (document) => lockDocument(document, wanted));
    const notes = [...lockNotes, `To undo: ${formatTrustChange('unlock')}`];
    reportUpdate(location.description, update, { done, notes, json: { locked: update.after.locked } }, flags);
    return;
  }
  const document = { schemaVersion: 1 as const, revision, identities: [], locked: wanted };
  const replacement = await replaceUnreadableDocument(location, change, unreadable, document);
  const notes = [
    ...describeReplacement(replacement, await findLoggedRevision(location)),
    'The new document lists nobody, and its deny list is empty: what the old one denied is no longer on it.',
    ...lockNotes,
    `Before you unlock it, restore an earlier document: ${formatTrustChange('restore', ['DOCUMENT'])}`,
  ];
  const json = { locked: wanted, keptAt: replacement.keptAt ?? null };
  reportUpdate(location.description, replacement, { done, notes, json }, flags);
}

const done = 'Locked: the document admits nobody.';

const lockNotes: readonly string[] = [
  "An instance that can't reach the document continues with the one it has, up to its maximumStalenessSeconds (by",
  'default a day from its last good read); one that refuses it, up to its maximumStalenessAfterRefusalSeconds (an',
  'hour). Trust stores of other documents are not locked, except together with this one in firstOf; functions',
  'that are anonymous stay open.',
];
