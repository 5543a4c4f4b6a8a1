import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import fc from 'fast-check';
import { createTemporaryFolder, makeOpensslPair } from '../../certificates/test-support/openssl.js';
import { ToolFailure } from '#local/tool-failure.js';
import { readSpiffeBundle, type SpiffeBundle } from './read-bundle.js';
import {
  describeKey,
  jwtKey,
  type MadeAuthority,
  makeSpiffeRoot,
  rootExtensions,
  writeBundle,
} from './test-support/made-bundle.js';

const inTwoDays = Date.now() + 2 * 86_400_000;

/** Reads at a time at which certificates that are valid for one day have ended. */
const read = (text: string | Uint8Array, trustDomain = 'corp.example'): SpiffeBundle =>
  readSpiffeBundle({ bytes: Buffer.from(text as string), place: 'bundle.json' }, { trustDomain, now: inTwoDays });

function refuse(text: string | Uint8Array, words: RegExp, trustDomain?: string): void {
  assert.throws(
    () => read(text, trustDomain),
    (fault) => {
      assert.ok(fault instanceof ToolFailure, String(fault));
      assert.equal(fault.kind, 'unusable_input');
      assert.match(`${fault.message} ${fault.remedy ?? ''}`, words);
      return true;
    },
    String(words),
  );
}

describe('a SPIFFE bundle', () => {
  const folder = createTemporaryFolder();
  let first: MadeAuthority;
  let second: MadeAuthority;
  let keys: readonly Record<string, unknown>[];

  before(() => {
    first = makeSpiffeRoot(folder, 'first');
    second = makeSpiffeRoot(folder, 'second', { newKey: ['-newkey', 'rsa:2048'] });
    keys = [first, second].map(describeKey);
  });
  after(() => {
    folder.remove();
  });

  it('gives the certificates of its X.509 keys, and the numbers of keys that are ignored', () => {
    const others = [jwtKey, { kty: 'EC', use: 'next-svid' }, { kty: 'EC' }, { kty: 'AKP', use: 'x509-svid' }, {}];
    const bundle = read(writeBundle([...keys, keys[0], ...others], 12));
    assert.deepEqual(
      bundle.anchors.map(({ pem }) => pem),
      [first, second].map(({ certificate }) => readFileSync(certificate, 'utf8')),
    );
    assert.deepEqual(bundle.ignored, { jwtSvid: 1, unknown: 4 });
    assert.deepEqual([bundle.sequence, bundle.refreshHintSeconds, bundle.leftOut], [12n, 2_419_200, []]);
  });

  it('may have roots without a SPIFFE ID, with Ed25519, or with an ID without its slash', () => {
    const plain = makeSpiffeRoot(folder, 'plain', { extensions: rootExtensions, newKey: ['-newkey', 'ed25519'] });
    const bare = makeSpiffeRoot(folder, 'bare', {
      extensions: [...rootExtensions, 'subjectAltName=URI:spiffe://corp.example,DNS:ca.corp.example'],
    });
    assert.equal(read(writeBundle([plain, bare].map(describeKey))).anchors.length, 2);
  });

  it('may have roots in the older forms that the gate accepts for a trust anchor', () => {
    const certificate = folder.file('older.pem', toPem(writeOlderAuthority('all of these', newName('Old root'))));
    const { anchors, leftOut } = read(writeBundle([describeKey({ certificate })]));
    assert.deepEqual([anchors.length, leftOut], [1, []]);
  });

  it('may have a sequence number of 64 bits or none, but nothing else in its place', () => {
    const nested = '"other": { "spiffe_sequence": 3 },';
    assert.equal(read(writeBundle(keys, '18446744073709551615', nested)).sequence, 18_446_744_073_709_551_615n);
    assert.equal(read(writeBundle(keys, null, nested)).sequence, undefined);
    for (const number of ['-1', '1.5', '1e3', '"1"', 'null', '9'.repeat(41)]) {
      refuse(writeBundle(keys, number), /spiffe_sequence is not a whole number/);
    }
  });

  it('is refused if a key contradicts itself or the trust domain, and the error names each such key', () => {
    const [one, other] = keys;
    const foreign = makeSpiffeRoot(folder, 'foreign', { trustDomain: 'evil.example' });
    const pathed = makeSpiffeRoot(folder, 'pathed', { trustDomain: 'corp.example/ns' });
    const double = makeSpiffeRoot(folder, 'double', {
      extensions: [...rootExtensions, 'subjectAltName=URI:spiffe://corp.example/,URI:spiffe://evil.example/'],
    });
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [{ ...one, x5c: undefined }, /keys\[1\] has no certificates in x5c, and must have one/],
      [{ ...one, x5c: [] }, /keys\[1\] has 0 certificates/],
      [{ ...one, x5c: [...(one?.['x5c'] as string[]), ...(other?.['x5c'] as string[])] }, /has 2 certificates/],
      [{ ...one, x5c: [7] }, /keys\[1\] has 1 certificates|must have one/],
      [{ ...one, x5c: ['-_-_'] }, /not in base64/],
      [{ ...one, x5c: ['AAAA'] }, /certificate that can't be read/],
      [{ ...one, d: 'AAAA' }, /has a private key/],
      [{ ...one, x: undefined }, /keys\[1\] can't be read/],
      [{ ...one, ...other, x5c: one?.['x5c'] }, /is not the key of its certificate: "CN=first,O=corp\.example/],
      [describeKey(foreign), /certificate for spiffe:\/\/evil\.example\/, and not for spiffe:\/\/corp\.example/],
      [describeKey(pathed), /certificate for spiffe:\/\/corp\.example\/ns\//],
      [describeKey(double), /certificate for spiffe:\/\/corp\.example\/, spiffe:\/\/evil\.example\//],
    ];
    for (const [key, words] of cases) refuse(writeBundle([one, key]), words);
    refuse(
      writeBundle([
        { ...one, x5c: [] },
        { ...one, d: 'x' },
      ]),
      /keys\[0\] has 0[^]*; keys\[1\] has a private key/,
    );
    refuse(writeBundle(keys), /not for spiffe:\/\/other\.example/, 'other.example');
  });

  it('is read without CAs that have ended, and without those that the gate cannot use', () => {
    const ended = makeSpiffeRoot(folder, 'ended', { days: 1 });
    const leaf = makeOpensslPair(folder, 'leaf');
    const weak = makeSpiffeRoot(folder, 'weak', { newKey: ['-newkey', 'rsa:1024'] });
    const unusable = [ended, leaf, weak].map(describeKey);
    const { anchors, leftOut } = read(writeBundle([...unusable, ...keys]));
    assert.equal(anchors.length, 2);
    assert.deepEqual(
      leftOut.map(({ reason }) => /^ended at|\((\w+)\)/.exec(reason)?.[0]),
      ['ended at', '(path_authority_unfit)', '(path_key_too_weak)'],
    );
    refuse(writeBundle(unusable), /no key for X\.509-SVIDs that the gate could use; .*CN=ended.*ended at.*trust deny/s);
  });

  it('must have a CA that is valid already', () => {
    const later = { certificate: folder.file('later.pem') };
    writeDatedCertificate(later.certificate, {
      keyPath: folder.file('later.key.pem'),
      name: ['CN = later'],
      extensions: [...rootExtensions, 'subjectAltName = URI:spiffe://corp.example/'],
      notBefore: '20980101000000Z',
      notAfter: '20990101000000Z',
    });
    refuse(writeBundle([describeKey(later)]), /none of its CA certificates is valid before 2098-01-01T00:00:00Z/);
    assert.equal(read(writeBundle([...keys, describeKey(later)])).anchors.length, 3);
  });

  it('is refused if it has no X.509 key', () => {
    for (const none of [[], [jwtKey]])
      refuse(writeBundle(none), /no key for X\.509-SVIDs.*no certificate of the trust domain is valid/s);
  });

  it('must be one JSON object with a list of keys, and without a repeated key', () => {
    refuse('', /not valid JSON/);
    refuse('{"keys": [', /not valid JSON/);
    refuse(Buffer.from([0xff, 0xfe]), /not UTF-8/);
    refuse('[]', /no list of keys/);
    refuse('{"keys": {}}', /no list of keys/);
    refuse('{"trust_domains": {}}', /a map of bundles/);
    refuse(writeBundle([7]), /keys\[0\] is not an object/);
    refuse(writeBundle(keys, 1, '"spiffe_sequence": 2,'), /the key spiffe_sequence twice/);
    refuse(writeBundle(keys, 1, '"keys": [],'), /the key keys twice/);
    refuse('['.repeat(500_000), /not valid JSON/);
    refuse(writeBundle(keys, 1, `"deep": ${'['.repeat(9_000)}${']'.repeat(9_000)},`), /spiffe_sequence/);
  });

  it('with any change of its text is refused, or has only anchors with its original keys', () => {
    const text = writeBundle(keys, 12);
    const readKey = (pem: string): unknown => new X509Certificate(pem).publicKey.export({ format: 'jwk' });
    const known = [first, second].map(({ certificate }) => readKey(readFileSync(certificate, 'utf8')));
    const insertion = fc.oneof(
      fc.constantFrom('"', '{', '}', '[', ']', ',', 'null', '0', '-', 'x509-svid', 'A', '='),
      fc.string({ maxLength: 3 }),
    );
    const edit = fc.tuple(fc.nat(text.length), fc.nat(3), insertion);
    let refusals = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
        const mutated = edits.reduce((all, [at, length, put]) => all.slice(0, at) + put + all.slice(at + length), text);
        try {
          for (const { pem } of read(mutated).anchors)
            assert.ok(known.some((key) => isDeepStrictEqual(key, readKey(pem))));
        } catch (fault) {
          assert.ok(fault instanceof ToolFailure, String(fault));
          refusals += 1;
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(refusals > 100);
  });
});
