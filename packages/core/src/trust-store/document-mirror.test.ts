import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { now } from '@certgate/x509/test-support/certificates.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { until } from '@certgate/x509/test-support/until.js';
import { documentOf } from '../test-support/documents.js';
import { certificate, known, pinned, second, unknown } from '../test-support/refreshing-stage.js';
import { ManualClock, textOf } from '../test-support/scripted-source.js';
import { type TrustSource, type TrustSourceReading, TrustSourceMisuse } from '../trust-sources/trust-source.js';
import { createFileSource } from '../trust-sources/file-source.js';
import { firstOf } from './first-of.js';
import { type RefreshOptions, RefreshingTrustStore } from './refreshing-store.js';
import { trustStoreFrom } from './trust-stores.js';

const [signer, stranger] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const signedBy = signer.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const signatureOf = (text: string, { privateKey } = signer): string =>
  sign(null, Buffer.from(text), privateKey).toString('base64');
const lock = { since: '2026-01-01T00:00:00Z', by: 'operator', reason: 'a test' };
const locked = (revision: number): string => JSON.stringify(documentOf([pinned], { revision, locked: lock }));
const away = new Error('away');
const tampered = (text: string): Given => ({ text, signature: signatureOf(text, stranger) });

/** What a source answers. A plain text gets a valid signature. If undefined, the source never answers. */
type Given = string | Error | { readonly text: string; readonly signature: string | undefined } | undefined;

class Place implements TrustSource {
  readonly description: string;
  given: Given = away;
  readCount = 0;

  constructor(description: string) {
    this.description = description;
  }

  read(): Promise<TrustSourceReading> {
    this.readCount += 1;
    const { given } = this;
    if (given === undefined) return new Promise(() => undefined);
    if (given instanceof Error) return Promise.reject(given);
    const { text, signature } = typeof given === 'string' ? { text: given, signature: signatureOf(given) } : given;
    return Promise.resolve({ changed: true, bytes: Buffer.from(text), version: undefined, signature });
  }
}

interface MirrorStage {
  readonly store: RefreshingTrustStore;
  readonly clock: ManualClock;
  readonly first: Place;
  readonly mirror: Place;
  /** Gives the two sources these answers, and returns what the store answers about the caller 61 s later. */
  readonly ask: (first: Given, mirror: Given) => Promise<string>;
}

function createMirrorStage(options: RefreshOptions = {}): MirrorStage {
  const [first, mirror] = [new Place('first'), new Place('mirror')];
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const surroundings = { wall, monotonic, random: () => 0, signaturePauseMilliseconds: 0.1 };
  const store = new RefreshingTrustStore(first, { signedBy, ...options }, surroundings, mirror);
  const ask = async (ofFirst: Given, ofMirror: Given): Promise<string> => {
    clock.pass(61 * second);
    [first.given, mirror.given] = [ofFirst, ofMirror];
    const finding = await store.find(certificate, clock.wall());
    return finding.outcome === 'denied' ? finding.code : finding.outcome;
  };
  return { store, clock, first, mirror, ask };
}

describe('when the app starts', () => {
  test('the mirror is used if the first source cannot be read, and the report says so', async () => {
    const { store, ask } = createMirrorStage();
    assert.equal(await ask(away, known(3)), 'found');
    const { revision, fault, mirror } = store.report();
    assert.deepEqual(
      { revision, fault, mirror },
      {
        revision: 3,
        fault: 'away; the document of the mirror (mirror) is in use',
        mirror: { description: 'mirror', isInUse: true, fault: undefined },
      },
    );
  });

  test('the document with the higher revision is used, whichever source gives it', async () => {
    const behind = createMirrorStage();
    assert.equal(await behind.ask(unknown(4), known(5)), 'found');
    assert.match(behind.store.report().fault ?? '', /revision 4, lower than 5 in the mirror/);
    assert.equal(behind.store.report().failure, 'refused');
    const ahead = createMirrorStage();
    assert.equal(await ahead.ask(known(6), unknown(5)), 'found');
    const level = createMirrorStage();
    assert.equal(await level.ask(known(5), unknown(5)), 'found');
    for (const { store } of [ahead, level]) {
      assert.equal(store.report().fault, undefined);
      assert.equal(store.report().mirror?.isInUse, false);
    }
  });

  test('a document without a valid signature is not used from either source, and both faults are reported', async () => {
    const { store, ask } = createMirrorStage();
    const unsigned = { text: known(9), signature: undefined };
    assert.equal(await ask(tampered(known(9)), unsigned), 'unavailable');
    assert.match(store.report().fault ?? '', /not made over these bytes.*nor can the mirror \(mirror\).*is not signed/);
    assert.equal(await ask(tampered(known(9)), known(1)), 'found');
    assert.equal(store.report().failure, 'refused');
  });

  test('a mirror below minimumRevision, for another app or not valid is not used', async () => {
    const { store, ask } = createMirrorStage({ minimumRevision: 3, audience: 'orders' });
    assert.equal(await ask(away, known(2)), 'unavailable');
    assert.match(store.report().fault ?? '', /nor can the mirror.*lower than minimumRevision/);
    const other = JSON.stringify(documentOf([pinned], { revision: 4, audience: 'stock' }));
    assert.equal(await ask(away, other), 'unavailable');
    assert.equal(await ask(away, '{"schemaVersion":99}'), 'unavailable');
    assert.equal(await ask(away, known(3)), 'found');
  });

  test('a mirror lets the app start although the first source has a signed document that is not valid', async () => {
    const { store, first, mirror } = createMirrorStage();
    [first.given, mirror.given] = ['{"schemaVersion":99}', known(3)];
    await store.start();
    assert.equal(store.report().mirror?.isInUse, true);
    const without = createMirrorStage();
    [without.first.given, without.mirror.given] = ['{"schemaVersion":99}', away];
    await assert.rejects(without.store.start(), /schemaVersion/);
  });

  test('a source that can never be read keeps the app from starting and from admitting, even if the other source works', async () => {
    const misuse = new TrustSourceMisuse('no address');
    for (const [ofFirst, ofMirror] of [
      [known(1), misuse],
      [misuse, known(1)],
      [away, misuse],
    ] as const) {
      const { store, first, mirror, ask } = createMirrorStage();
      [first.given, mirror.given] = [ofFirst, ofMirror];
      await assert.rejects(store.start(), /no address/);
      assert.equal(await ask(ofFirst, ofMirror), 'unavailable');
    }
  });

  test('the first source decides if the mirror cannot be read or is slow, and the report says so', async (context) => {
    const { store, ask } = createMirrorStage();
    assert.equal(await ask(known(1), away), 'found');
    assert.deepEqual(store.report().mirror, { description: 'mirror', isInUse: false, fault: 'away' });
    assert.equal(store.report().fault, undefined);
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const slow = createMirrorStage({ readTimeoutSeconds: 1_000_000 });
    let answer: string | undefined;
    const asked = slow.ask(known(1), undefined).then((each) => (answer = each));
    await until(() => {
      context.mock.timers.tick(100);
      return answer !== undefined;
    });
    assert.equal(await asked, 'found');
    assert.match(slow.store.report().mirror?.fault ?? '', /did not answer within 2 s/);
  });
});

describe('while the app runs', () => {
  test('the mirror is not read while the first source works', async () => {
    const { ask, mirror } = createMirrorStage();
    await ask(known(1), known(1));
    const { readCount } = mirror;
    await ask(known(2), known(9));
    await ask(known(3), known(9));
    assert.equal(mirror.readCount, readCount);
  });

  test('both sources are read at the same time when the app starts and after a failure', async () => {
    const { store, clock, first, mirror, ask } = createMirrorStage();
    [first.given, mirror.given] = [known(1), known(1)];
    const started = store.start();
    assert.deepEqual([first.readCount, mirror.readCount], [1, 1]);
    await started;
    await ask(away, known(1));
    assert.deepEqual([first.readCount, mirror.readCount], [2, 2]);
    clock.pass(61 * second);
    const finding = store.find(certificate, clock.wall());
    assert.deepEqual([first.readCount, mirror.readCount], [3, 3]);
    await finding;
  });

  test('an older mirror undoes no lock and no removal, and a newer mirror is used', async () => {
    const { store, ask } = createMirrorStage();
    assert.equal(await ask(locked(5), known(4)), 'trust_locked');
    for (const fault of [away, tampered(known(9)), known(4)]) {
      assert.equal(await ask(fault, known(4)), 'trust_locked');
      assert.equal(await ask(fault, known(5)), 'trust_locked');
      assert.equal(store.report().mirror?.isInUse, false);
    }
    assert.equal(await ask(away, known(6)), 'found');
    assert.equal(await ask(away, locked(7)), 'trust_locked');
    assert.equal(await ask(known(6), known(6)), 'trust_locked');
  });

  test('the first source is used again once it gives the same document or a later one', async () => {
    const { store, ask } = createMirrorStage();
    await ask(away, known(3));
    const { version } = store;
    assert.equal(await ask(unknown(2), known(3)), 'found');
    assert.match(store.report().fault ?? '', /revision 2, lower than 3/);
    assert.equal(store.report().mirror?.isInUse, true);
    assert.equal(await ask(known(3), away), 'found');
    assert.deepEqual([store.report().fault, store.report().mirror?.isInUse], [undefined, false]);
    assert.equal(store.version, version, 'what was remembered of the same document still holds');
    assert.equal(await ask(unknown(4), away), 'notFound');
  });

  test('reading the same document from the mirror again extends no limit', async () => {
    const limits = { maximumStalenessSeconds: 200, maximumStalenessAfterRefusalSeconds: 100 };
    const { store, ask } = createMirrorStage(limits);
    const asked = async (count: number, first: Given, mirror: Given): Promise<readonly string[]> => {
      const answers: string[] = [];
      for (let each = 0; each < count; each += 1) answers.push(await ask(first, mirror));
      return answers;
    };
    assert.deepEqual(await asked(5, away, known(3)), ['found', 'found', 'found', 'found', 'unavailable']);
    assert.equal(await ask(known(3), known(3)), 'found');
    assert.deepEqual(await asked(3, tampered(known(9)), known(3)), ['found', 'unavailable', 'unavailable']);
    // A later document of the mirror is new, and its limit is measured from when it was read.
    assert.deepEqual(await asked(3, tampered(known(9)), known(4)), ['found', 'found', 'unavailable']);
    assert.equal(store.report().revision, 4);
  });

  test('a lock in the mirror shuts everybody out of firstOf, whose report does not hide a store without a document', async () => {
    const [one, other] = [createMirrorStage(), createMirrorStage()];
    const store = firstOf(one.store, other.store);
    await one.ask(away, locked(2));
    await other.ask(known(1), known(1));
    assert.equal((await store.find(certificate, now)).outcome, 'denied');
    assert.equal(store.report?.().mirror?.isInUse, true);
    const without = createMirrorStage();
    await without.ask(away, away);
    assert.equal(firstOf(one.store, without.store).report?.().mirror?.isInUse, false);
  });
});

test('the revision never falls, and nothing unsigned is used, whatever the two sources give', async () => {
  const document = fc.record({ revision: fc.integer({ min: 1, max: 6 }), isKnown: fc.boolean() });
  const given = fc.oneof(
    { weight: 3, arbitrary: document.map(({ revision, isKnown }): Given => (isKnown ? known : unknown)(revision)) },
    document.map(({ revision }): Given => tampered(textOf(revision + 10, pinned))),
    document.map(({ revision }): Given => ({ text: known(revision + 10), signature: undefined })),
    fc.constant<Given>(away),
    fc.constant<Given>('{"schemaVersion":99}'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(given, given), { minLength: 1, maxLength: 8 }), async (reads) => {
      const { store, ask } = createMirrorStage();
      let before = 0;
      const seen: Given[] = [];
      for (const [first, mirror] of reads) {
        seen.push(first, mirror);
        const answer = await ask(first, mirror);
        const { revision, fault } = store.report();
        assert.ok((revision ?? 0) >= before, `revision ${revision ?? 0} after ${before}`);
        before = revision ?? 0;
        assert.ok(before <= 6, 'what no key of signedBy signed is in use');
        const content = [known(before), unknown(before)].filter((text) => seen.includes(text));
        assert.equal(revision === undefined, answer === 'unavailable');
        if (revision === undefined) continue;
        assert.ok(content.length > 0);
        if (content.length === 1) assert.equal(answer, content[0] === known(before) ? 'found' : 'notFound');
        // Without a fault, the document in use must be the one of the first source.
        if (fault === undefined) assert.ok(first === known(before) || first === unknown(before));
      }
    }),
    { numRuns: countRuns(60) },
  );
});

describe('trustStoreFrom with two addresses', () => {
  test('reads files, each with its signature', async (context) => {
    const [path, mirror] = [newTemporaryPath('.json'), newTemporaryPath('.json')];
    context.after(() => {
      for (const each of [path, mirror]) for (const end of ['', '.sig']) rmSync(`${each}${end}`, { force: true });
    });
    writeFileSync(mirror, known(2));
    writeFileSync(`${mirror}.sig`, signatureOf(known(2)));
    const store = trustStoreFrom([path, `file:${mirror}`], { signedBy });
    await store.start?.();
    assert.equal((await store.find(certificate, now)).outcome, 'found');
    assert.deepEqual(store.report?.().mirror, { description: `file ${mirror}`, isInUse: true, fault: undefined });
  });

  test('throws without signedBy, or with another number of addresses', () => {
    assert.throws(() => trustStoreFrom(['a.json', 'b.json']), /only for signed documents: add the option signedBy/);
    for (const addresses of [[], ['a.json'], ['a.json', 'b.json', 'c.json']]) {
      assert.throws(() => trustStoreFrom(addresses as never, { signedBy }), /one address, or two/);
    }
  });

  test('does not start if the mirror is absent, not an address, or the same as the first address', async () => {
    for (const [mirror, words] of [
      [undefined, /Is the environment variable set/],
      ['ftp://example.com/x', /another? scheme|scheme other/],
      ['./a.json', /the same as the first/],
    ] as const) {
      const store = trustStoreFrom(['a.json', mirror], { signedBy });
      await assert.rejects(store.start?.() ?? Promise.resolve(), words);
    }
  });

  test('has a configuration that names both addresses', () => {
    const of = (...addresses: readonly [string, string]): string | undefined =>
      trustStoreFrom(addresses, { signedBy }).configuration;
    assert.notEqual(of('a.json', 'b.json'), of('a.json', 'c.json'));
    assert.notEqual(of('a.json', 'b.json'), trustStoreFrom('a.json', { signedBy }).configuration);
    assert.equal(of('a.json', 'b.json'), of('a.json', 'b.json'));
    // A mirror without a configuration.
    const first = createFileSource('a.json');
    assert.equal(
      new RefreshingTrustStore(first, { signedBy }, undefined, new Place('mirror')).configuration,
      undefined,
    );
  });
});
