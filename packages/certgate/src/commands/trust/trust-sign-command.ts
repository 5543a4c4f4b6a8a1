import { Command, InvalidArgumentError } from 'commander';
import { ToolFailure } from '../../faults/tool-failure.js';
import { addHelpSections } from '../command-line/help.js';
import { printJson, printLine } from '../command-line/output.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { signStoredDocument } from '../../trust/administration/sign-stored-document.js';
import { computeLatency, describeLatency } from './latency.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from './options/store-options.js';

type SignFlags = StoreFlags & ChangeFlags & { readonly documentSha256?: string };

export function trustSignCommand(): Command {
  const command = new Command('sign').description(
    'Sign the document as it is, for apps that require a signature (`signedBy`).',
  );
  addStoreOption(command);
  command.option(
    '--document-sha256 <hex>',
    'sign only if the stored document has this hash, so that it is the one that you looked at',
    parseSha256,
  );
  addChangeOptions(command, { onlySigns: true }).action(sign);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the signature is stored with the document',
      1: 'others kept changing the document; nothing is written',
      2: "there is no document, --document-sha256 is the hash of another one, it is not valid, or the key or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust sign --signing-key signing.key.pem --reason "reviewed" --store file:trust.json',
      'certgate trust sign --signing-key signing.key.pem --document-sha256 "$(sha256sum < reviewed.json | cut -d " " -f 1)" --reason "reviewed" --store file:trust.json',
      'certgate trust sign --signing-key signing.key.pem --signing-key-password-file key.password --reason "reviewed" --store file:trust.json',
      'certgate trust sign --key-vault-key https://my-vault.vault.azure.net/keys/trust --reason "reviewed" --store file:trust.json',
    ],
  });
}

async function sign(flags: SignFlags): Promise<void> {
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

function parseSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
}
