import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { TrustStage } from './test-support/trust-stage.js';

// The row of the table of version skew that is the tool's: an old tool and a document that a newer one wrote.
describe('a document that this tool does not know whole', () => {
  const stage = new TrustStage();
  const pin = { thumbprintSha256: '0A'.repeat(32) };
  const identity = { name: 'a', roles: ['reader'], pins: [pin] };
  const document = { schemaVersion: 1, revision: 3, identities: [identity] };
  const newer = { ...document, identities: [{ ...identity, suspendedUntil: 'x' }] };
  after(() => {
    stage.remove();
  });

  it('no verb changes it, so no key of it gets lost', async () => {
    // In notation of its own, which a tool that writes it would not keep.
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
