import { ToolFailure } from '../../faults/tool-failure.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { signStoredDocument } from '../../trust/administration/sign-stored-document.js';
import { printJson, printLine } from '../command-line/output.js';
import { type ChangeFlags, computeLatency, describeLatency } from './options/store-options.js';
import { readChange } from './options/read-change.js';

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
