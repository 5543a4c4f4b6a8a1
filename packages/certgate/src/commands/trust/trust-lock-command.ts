import { formatInstant } from '@certgate/core/internal';
import { formatToolCall, formatTrustChange } from '../../texts/tool-call.js';
import { isEnabled } from '../../trust/administration/edits/identity-edits.js';
import { lockDocument, unlockDocument } from '../../trust/administration/edits/restriction-edits.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { createTrustDocument } from '../../trust/administration/update-trust-document.js';
import { changeOrReplace, changeTrust, type ReplacingFlags } from './change-trust.js';
import { readChange } from './options/read-change.js';
import type { ChangeFlags } from './options/store-options.js';
import { reportUpdate } from './report-update.js';

export async function init(flags: ChangeFlags & { readonly audience?: readonly string[] }): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const $schema = location.findSchema?.();
  const update = await createTrustDocument(location, await readChange('init', flags), {
    ...($schema === undefined ? {} : { $schema }),
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
      report: ({ after, documentSha256 }) => ({
        done,
        notes: [...lockNotes, adviseArrival(documentSha256), `To undo: ${formatTrustChange('unlock')}`],
        json: { locked: after.locked },
      }),
      content: () => ({ schemaVersion: 1, identities: [], locked }),
      reportReplacement: (_replaced, { documentSha256 }) => ({
        done,
        notes: [
          'The new document lists nobody, and its deny list is empty: what the old one denied is no longer on it.',
          ...lockNotes,
          adviseArrival(documentSha256),
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

function adviseArrival(sha256: string): string {
  const words = ['trust', 'arrived', '--log', 'LOG_FILE', '--expect-sha256', sha256];
  return `To see whether it has arrived everywhere: ${formatToolCall(words)}`;
}

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
