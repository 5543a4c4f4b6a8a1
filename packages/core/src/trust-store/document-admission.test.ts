import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import { known } from '../test-support/refreshing-stage.js';
import { anyAudience } from '../trust-document/parse-document.js';
import { type DocumentAdmissionOptions, admitDocument } from './document-admission.js';

const key = makeSigningKey('ed25519');
const other = makeSigningKey('ed25519');
const text = known(7);
const signature = signByOpenssl(text, key);
const forApp = JSON.stringify({ ...(JSON.parse(text) as object), audience: ['orders'] });

async function admit(
  options: DocumentAdmissionOptions,
  document: string | Uint8Array = text,
  its: string | undefined = signature,
): Promise<string> {
  const admission = await admitDocument({ bytes: Buffer.from(document), signature: its }, options);
  return admission.outcome === 'taken' ? `revision ${admission.snapshot.revision}` : admission.fault;
}

describe('whether a store would take a document', () => {
  const { publicKey: signedBy } = key;
  const cases: readonly (readonly [string, () => Promise<string>, RegExp])[] = [
    ['no condition', () => admit({}), /^revision 7$/],
    ['its signature', () => admit({ signedBy: [other.publicKey, signedBy] }), /^revision 7$/],
    ["somebody else's signature", () => admit({ signedBy: other.publicKey }), /was not made over these bytes/],
    ['other bytes', () => admit({ signedBy }, `${text} `), /was not made over these bytes/],
    ['no signature', () => admit({ signedBy }, text, ''), /is not signed/],
    ['a lower revision', () => admit({ minimumRevision: 8 }), /revision 7, lower than minimumRevision \(8\)/],
    ['the lowest revision', () => admit({ minimumRevision: 7 }), /^revision 7$/],
    ['an app without a name', () => admit({}, forApp), /has not said its name/],
    ['another app', () => admit({ audience: 'billing' }, forApp), /not for "billing"/],
    ['its app', () => admit({ audience: 'Orders' }, forApp), /^revision 7$/],
    ['any app', () => admit({ audience: anyAudience }, forApp), /^revision 7$/],
    ['no document', () => admit({}, '{'), /not valid: it is not JSON/],
    ['no UTF-8', () => admit({}, Buffer.from([0xff])), /not UTF-8/],
  ];
  for (const [what, work, said] of cases) {
    test(what, async () => {
      assert.match(await work(), said);
    });
  }
  test('throws for options that a store refuses', async () => {
    await assert.rejects(admit({ signedBy: '' }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    await assert.rejects(admit({ minimumRevision: -1 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
    await assert.rejects(admit({ audiences: 'orders' } as DocumentAdmissionOptions), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
    await assert.rejects(admit({ audience: 3 } as unknown as DocumentAdmissionOptions), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
  });
});
