import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { TrustStage } from './test-support/trust-stage.js';

// Tests the tool's row in the table of version skew: an old tool, and a document that a newer tool wrote.
describe('a document with a key that this tool does not know', () => {
  const stage = new TrustStage();
  const pin = { thumbprintSha256: '0A'.repeat(32) };
  const identity = { name: 'a', roles: ['reader'], pins: [pin] };
  const document = { schemaVersion: 1, revision: 3, identities: [identity] };
  const newer = { ...document, identities: [{ ...identity, suspendedUntil: 'x' }] };
  after(() => {
    stage.remove();
  });

  it('is changed by no verb, so that no key is lost', async () => {
    // The document has a formatting of its own, which a tool that writes it would not keep.
    const bytes = JSON.stringify(newer, null, 3);
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
