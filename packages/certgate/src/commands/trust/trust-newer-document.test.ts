import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { TrustStage } from './test-support/trust-stage.js';

// The row of the table of version skew that is the tool's: an old tool and a document that a newer one wrote.
describe('a document that this tool does not know whole', () => {
  const stage = new TrustStage();
  const pin = { thumbprintSha256: '0A'.repeat(32) };
  const identity = { name: 'a', roles: ['reader'], pins: [pin] };
  const document = { schemaVersion: 1, revision: 3, identities: [identity] };
  const documents = {
    'of a later schema version': { ...document, schemaVersion: 2, identities: [] },
    'of a later schema version, with keys of this one': { ...document, schemaVersion: 2 },
    'with a key of a later schema': { ...document, quarantine: {} },
    'with a later key in an identity': { ...document, identities: [{ ...identity, suspendedUntil: 'x' }] },
    'with a later key in a pin': { ...document, identities: [{ ...identity, pins: [{ ...pin, use: 'x' }] }] },
  };
  after(() => {
    stage.remove();
  });

  for (const [what, content] of Object.entries(documents)) {
    it(`${what}: it is refused before an edit sees it`, async () => {
      // In notation of its own, which a tool that writes it would not keep.
      const bytes = JSON.stringify(content, null, 3);
      writeFileSync(stage.path, bytes);
      const change = { verb: 'add', by: 'ada', reason: 'x' };
      const edit = (): never => assert.fail('it was given to an edit');
      const location = await openTrustLocation(`file:${stage.path}`);
      await assert.rejects(
        updateTrustDocument(location, change, edit),
        /this runtime reads documents up to|unknown key/,
      );
      assert.equal(readFileSync(stage.path, 'utf8'), bytes);
      assert.deepEqual(readdirSync(stage.folder), ['trust.json']);
    });
  }

  it('no verb changes it, so no key of it gets lost', async () => {
    const bytes = JSON.stringify(documents['with a later key in an identity'], null, 3);
    writeFileSync(stage.path, bytes);
    const verbs = [
      ['add', 'a', '--to-existing', '--role', 'writer'],
      ['enable', 'a'],
      ['disable', 'a'],
      ['remove', 'a'],
      ['lock'],
      ['unlock'],
      ['restore', 'trust.json'],
    ];
    await Promise.all(verbs.map((verb) => stage.refuse(/suspendedUntil: unknown key/, ...verb, '--reason', 'x')));
    assert.equal(readFileSync(stage.path, 'utf8'), bytes);
    assert.deepEqual(readdirSync(stage.folder), ['trust.json']);
  });
});
