import type { DenialFacts } from '@certgate/core/internal';
import { formatToolCall } from '../../texts/tool-call.js';
import { type Choices, type RemedyContext, run } from './remedy-choices.js';

// Advice and choices for a document that an app does not accept.

type UnavailableFacts = DenialFacts['trust_unavailable'] | undefined;

/** Matches the gate's detail if the app verifies signatures and the document has no valid one. */
const unsigned = /the document(?:'s signature \(| is not signed)/;
/**
 * Matches the gate's detail if an earlier document was copied over a later one. The captured number is the one that the
 * revision must not be below.
 */
const earlier = /the document has revision \d+, lower than (?:minimumRevision \()?(\d+)/;

export function describeDocumentFault({ store, isSignatureRefused }: RemedyContext, facts: UnavailableFacts): string {
  const fault = facts?.fault ?? '';
  const log = `To see who changed the document: ${formatToolCall(['trust', 'log', '--store', store])}`;
  if (isSignatureRefused || unsigned.test(fault)) {
    const check = formatToolCall(['trust', 'check', '--signed-by', 'PUBLIC_KEY_FILE', '--store', store]);
    return `The app takes only a document that a key of its option signedBy has signed. If the signing key was rotated, the app still has the old public key: add the new public key to signedBy, and deploy the app. If not, the document was changed without the key, so find out by whom before you sign it. ${log}; to see whether a key has signed it: ${check}`;
  }
  if (earlier.test(fault))
    return `An earlier document was copied over a later one. Apps refuse a lower revision than they have read, so restore the content that is meant under a higher one. The number must be above every revision that an app has read. ${log}`;
  return `The detail names the source and its fault. The app had no good read of the document for too long (by default a day; an hour after a refused document), or a custom store failed. The refusals end by themselves when the app accepts a document. ${log}; to check it: ${formatToolCall(['trust', 'check', '--store', store])}`;
}

export function chooseForDocument(facts: DenialFacts['trust_unavailable'], context: RemedyContext): Choices {
  const { store, isSignatureRefused } = context;
  if (isSignatureRefused || unsigned.test(facts.fault)) {
    const KEY_FILE = 'signing.key.pem';
    return [
      {
        when: 'If you vouch for every change since the last good signature',
        commands: [run('sign', { KEY_FILE })],
        needs: `${KEY_FILE}: the private key of one of the public keys in signedBy`,
      },
    ];
  }
  const lowest = earlier.exec(facts.fault)?.[1];
  if (lowest === undefined) return [];
  const REVISION = String(Number(lowest) + 1);
  const DOCUMENT = 'later.json';
  return [
    {
      when: 'If the later document is meant',
      commands: [run('restore', { DOCUMENT, REVISION })],
      needs: `${DOCUMENT}: the document that was there before, from a backup`,
    },
    { when: 'If the earlier document is meant', commands: [run('restore', { DOCUMENT: store, REVISION })] },
  ];
}
