import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { findIdentity, removeIdentity, setIdentityEnabled } from './edits/identity-edits.js';
import { formatTrustDocument, type TrustDocument } from '@certgate/core/internal';
import fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { ToolFailure } from '#local/tool-failure.js';
import { hashDocument } from './load-trust-document.js';
import { maximumDocumentBytes } from './location/trust-location.js';
import { replaceUnreadableDocument } from './replace-unreadable-document.js';
import { signStoredDocument } from './sign-stored-document.js';
import { MemoryLocation } from './test-support/memory-location.js';
import { createSigningKey } from './signing/signing-key.js';
import { readTrustHistory } from './trust-history.js';
import {
  createTrustDocument,
  updateTrustDocument,
  type ChangeRequest,
  type TrustEdit,
} from './update-trust-document.js';

const change: ChangeRequest = { verb: 'add', by: 'ada', reason: 'test' };

function makeDocument(names: readonly string[], revision = 1): string {
  return formatTrustDocument({ schemaVersion: 1, revision, identities: names.map(makeIdentity) });
}

function makeIdentity(name: string): TrustDocument['identities'][number] {
  return {
    name,
    roles: [],
    pins: [{ thumbprintSha256: createHash('sha256').update(name).digest('hex').toUpperCase() }],
  };
}

function addNamed(name: string): TrustEdit {
  return (document) => ({ ...document, identities: [...document.identities, makeIdentity(name)] });
}

function readNow(location: MemoryLocation): TrustDocument {
  return JSON.parse(location.text) as TrustDocument;
}

describe('an update of a trust document', () => {
  it('raises the revision, logs the intent with both hashes, and writes', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    const before = location.text;
    const update = await updateTrustDocument(location, change, addNamed('b'));
    assert.equal(update.outcome, 'written');
    assert.equal(readNow(location).revision, 2);
    const [line = ''] = location.log;
    assert.equal(location.log.length, 1);
    const { changes, at, ...entry } = JSON.parse(line) as { changes: readonly string[]; at: string };
    assert.equal(new Date(at).toISOString(), at);
    assert.deepEqual(entry, {
      version: 1,
      marks: '++',
      verb: 'add',
      by: 'ada',
      reason: 'test',
      revision: 2,
      documentSha256: hashDocument(Buffer.from(location.text)),
      previousDocumentSha256: hashDocument(Buffer.from(before)),
      signed: false,
      touches: ['b'],
    });
    assert.match(changes.join('\n'), /"b" is new/);
  });

  it('loses no change of several writers in any order, and the log explains the result', async () => {
    const names = ['n0', 'n1', 'n2', 'n3', 'n4'];
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, count) => {
        const location = new MemoryLocation(makeDocument(['old', 'gone']));
        const hash = hashDocument(Buffer.from(location.text));
        location.step = () => scheduler.schedule(Promise.resolve());
        const edits: TrustEdit[] = [
          ...names.slice(0, count).map(addNamed),
          (document) => setIdentityEnabled(document, 'old', false),
          (document) => removeIdentity(document, 'gone'),
        ];
        const all = Promise.all(
          edits.map((edit) => updateTrustDocument(location, change, edit, () => Promise.resolve())),
        );
        await scheduler.waitFor(all);
        location.step = () => Promise.resolve();
        const document = readNow(location);
        assert.equal(document.revision, 1 + edits.length);
        for (const name of names.slice(0, count)) assert.ok(findIdentity(document, name), name);
        assert.equal(findIdentity(document, 'old')?.enabled, false);
        assert.equal(findIdentity(document, 'gone'), undefined);
        const current = { documentSha256: hashDocument(Buffer.from(location.text)), revision: document.revision };
        const items = readTrustHistory(location.log, current).filter(({ kind }) => kind !== 'lost');
        assert.deepEqual(items[0], { kind: 'gap', documentSha256: hash, revision: 1, isBeginning: true });
        assert.deepEqual(items.slice(1).map(({ kind }) => kind), edits.map(() => 'change')); // prettier-ignore
      }),
      { numRuns: countRuns(40) },
    );
  });

  it('is not made if it cannot be logged', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    const before = location.text;
    location.appendLog = () => Promise.reject(new ToolFailure('the disk is full'));
    await assert.rejects(updateTrustDocument(location, change, addNamed('b')), /disk is full/);
    assert.equal(location.text, before);
  });

  it('is neither logged nor written if an app would refuse the result', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    const before = location.text;
    await assert.rejects(
      updateTrustDocument(location, change, addNamed('A')),
      /identities\[1\]\.name.*Nothing was written/,
    );
    assert.equal(location.text, before);
    assert.deepEqual(location.log, []);
  });

  it('is not written if the document already has that content', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    const same = await updateTrustDocument(location, change, (document) => document);
    assert.equal(same.outcome, 'unchanged');
    assert.equal(location.writes, 1);
  });

  it('writes and logs nothing as a dry run, and returns what it would do', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    const update = await updateTrustDocument(location, { ...change, dryRun: true }, addNamed('b'));
    assert.equal(update.outcome, 'planned');
    assert.equal(update.revision, 2);
    assert.ok(update.comparison.gains);
    assert.equal(location.writes, 1);
    assert.deepEqual(location.log, []);
  });

  it('fails with a conflict if other writers are always faster', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    let writes = 0;
    location.write = () => {
      writes += 1;
      return Promise.resolve('conflict');
    };
    const pause = () => Promise.resolve();
    await assert.rejects(updateTrustDocument(location, change, addNamed('b'), pause), (fault: unknown) => {
      assert.ok(fault instanceof ToolFailure);
      assert.match(fault.message, /100 attempts failed, and nothing was written/);
      assert.equal(fault.kind, 'conflict');
      return true;
    });
    assert.equal(writes, 100);
  });

  it('is recognized and not repeated if the answer to the write was lost', async () => {
    const location = new MemoryLocation(makeDocument(['a']));
    const write = location.write.bind(location);
    location.write = async (content, etag) => {
      location.write = write;
      await write(content, etag);
      return 'conflict';
    };
    const update = await updateTrustDocument(location, change, addNamed('b'), () => Promise.resolve());
    assert.equal(update.outcome, 'written');
    assert.equal(readNow(location).revision, 2);
    assert.equal(location.log.length, 1);
  });

  it('of a signed document needs the key, or the option that drops the signature', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signingKey = createSigningKey(privateKey, 'signing.pem');
    const location = new MemoryLocation(makeDocument(['a']), 'c2lnbmF0dXJl');
    await assert.rejects(updateTrustDocument(location, change, addNamed('b')), /is signed/);
    await assert.rejects(
      updateTrustDocument(location, { ...change, signingKey }, addNamed('b')),
      /does not match this key/,
    );
    await signStoredDocument(location, { ...change, signingKey });
    await updateTrustDocument(location, { ...change, signingKey }, addNamed('b'));
    const { bytes = Buffer.alloc(0), signature = '' } = location.stored ?? {};
    assert.ok(verify(null, bytes, publicKey, Buffer.from(signature, 'base64')));
    await updateTrustDocument(location, { ...change, unsigned: true }, addNamed('c'));
    assert.equal(location.stored?.signature, undefined);
  });

  it('passes the signature of the replaced version to the place that stores it', async () => {
    const signingKey = createSigningKey(generateKeyPairSync('ed25519').privateKey, 'signing.pem');
    const location = new MemoryLocation(makeDocument(['a']));
    await signStoredDocument(location, { ...change, signingKey });
    const fitting = location.stored?.signature;
    // A writer that was stopped between the two files leaves two signatures like this.
    location.put({ bytes: location.stored?.bytes ?? Buffer.of(), signature: `${'A'.repeat(86)}==\n${fitting ?? ''}` });
    const given: (string | undefined)[] = [];
    const write = location.write.bind(location);
    location.write = (content, etag) => {
      given.push(content.previousSignature);
      return write(content, etag);
    };
    await updateTrustDocument(location, { ...change, signingKey }, addNamed('b'));
    await updateTrustDocument(location, { ...change, unsigned: true }, addNamed('c'));
    assert.deepEqual(given, [fitting, undefined]);
  });

  it('that changes nothing is refused if the document does not have our signature', async () => {
    const signingKey = createSigningKey(generateKeyPairSync('ed25519').privateKey, 'signing.pem');
    const location = new MemoryLocation(makeDocument(['a']), 'c2lnbmF0dXJl');
    const nothing = updateTrustDocument(location, { ...change, signingKey }, (document) => document);
    await assert.rejects(nothing, /does not match this key/);
  });

  it('leaves a document unchanged if it cannot read all of it', async () => {
    const identity = '{"name":"a","roles":[],"pins":[],"later":1}';
    for (const text of [
      ...['{', '[]', '', '{"schemaVersion":1,"revision":1,"identities":[],"extra":1}'],
      `{"schemaVersion":1,"revision":1,"identities":[${identity}]}`,
      '{"schemaVersion":2,"revision":1,"identities":[]}',
    ]) {
      const location = new MemoryLocation(text);
      await assert.rejects(updateTrustDocument(location, change, addNamed('b')), ToolFailure);
      assert.equal(location.text, text);
      assert.deepEqual(location.log, []);
    }
    await assert.rejects(updateTrustDocument(new MemoryLocation(), change, addNamed('b')), /no trust document/);
  });

  it('keeps members that it does not use in the form in which their author wrote them', async () => {
    const location = new MemoryLocation(
      '\ufeff{"revision":7,"$schema":"x","schemaVersion":1,"audience":["shop"],"identities":[{"roles":["r"],"name":"a","pins":[{"thumbprintSha256":"' +
        `${'ab:'.repeat(31)}ab"}]}]}`,
    );
    await updateTrustDocument(location, change, addNamed('b'));
    const document = readNow(location);
    assert.equal(document.$schema, 'x');
    assert.deepEqual(document.audience, ['shop']);
    assert.equal(document.identities[0]?.pins?.[0]?.thumbprintSha256, `${'ab:'.repeat(31)}ab`);
    assert.equal(document.revision, 8);
  });

  it('is refused if the document would become larger than apps can read, and so is every other write', async () => {
    // The text has few enough characters for the parser, but too many bytes for the apps.
    const [owner, pins] = ['ü'.repeat(256), [{ thumbprintSha256: 'A'.repeat(64) }]];
    const count = maximumDocumentBytes / 1_024;
    const identities = Array.from({ length: count }, (_, index) => ({
      name: `n${index}`,
      roles: [],
      owner,
      reason: owner,
      pins: index === 0 ? pins : [],
    }));
    const large: TrustDocument = { schemaVersion: 1, revision: 9, identities };
    const [there, absent] = [new MemoryLocation(makeDocument(['a'])), new MemoryLocation(undefined)];
    const before = there.text;
    const unreadable = { stored: await there.read(), failure: new ToolFailure('damaged') };
    for (const write of [
      () => updateTrustDocument(there, change, () => large),
      () => replaceUnreadableDocument(there, change, unreadable, large),
      () => createTrustDocument(absent, change, large),
    ])
      await assert.rejects(write, {
        message: /would have \d{8} bytes, but apps accept at most 67108864\. Nothing was written/,
        remedy: /an app can use several stores/,
      });
    assert.deepEqual([there.text, there.log, absent.log, await absent.read()], [before, [], [], undefined]);
  });
});

describe('the first document', () => {
  const empty: TrustDocument = { schemaVersion: 1, revision: 1, identities: [] };

  it('is made once by any number of writers', async () => {
    const location = new MemoryLocation();
    const tries = await Promise.allSettled([1, 2, 3].map(() => createTrustDocument(location, change, empty)));
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(location.writes, 1);
    await assert.rejects(createTrustDocument(location, change, empty), /already a trust document.*Nothing was written/);
  });
});
