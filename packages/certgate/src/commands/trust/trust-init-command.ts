import { formatTrustChange } from '../../faults/tool-call.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { createTrustDocument } from '../../trust/administration/update-trust-document.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { reportUpdate } from './report-update.js';

interface InitFlags extends ChangeFlags {
  readonly audience?: readonly string[];
}

export async function init(flags: InitFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const update = await createTrustDocument(location, await readChange('init', flags), {
    schemaVersion: 1,
    revision: 1,
    ...(flags.audience === undefined ? {} : { audience: flags.audience }),
    identities: [],
  });
  reportUpdate(
    location.description,
    update,
    {
      done: 'Created a trust document that admits nobody.',
      notes: [`Next: ${formatTrustChange('add', ['NAME'], ['--certificate', 'FILE'])}`],
    },
    flags,
  );
}
