import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { newTemporaryPath, runOpenssl } from '@certgate/x509/test-support/openssl.js';
import { type SigningKey, makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import { DocumentSignatureVerifier, verifyDocumentSignature } from './document-signature.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const document = Buffer.from('{"schemaVersion":1,"revision":1,"identities":[]}\n');
const keys: Readonly<Record<string, SigningKey>> = {
  Ed25519: makeSigningKey('ed25519'),
  'P-256': makeSigningKey('P-256'),
  'P-384': makeSigningKey('P-384'),
};

describe('a signature that openssl made', () => {
  for (const [name, key] of Object.entries(keys)) {
    test(`${name}: fits, with and without a line end after it`, async () => {
      const signature = signByOpenssl(document, key);
      for (const text of [signature, `${signature}\n`, `${signature}\r\n`]) {
        assert.equal(await verifyDocumentSignature(document, text, key.publicKey), 'fits');
      }
    });
    test(`${name}: fits one of several keys`, async () => {
      const pems = Object.values(keys).map(({ publicKey }) => publicKey);
      assert.equal(await verifyDocumentSignature(document, signByOpenssl(document, key), pems), 'fits');
    });
    test(`${name}: fits no other key`, async () => {
      const others = Object.values(keys).filter((each) => each !== key);
      for (const { publicKey } of [...others, makeSigningKey(key.kind)]) {
        assert.equal(await verifyDocumentSignature(document, signByOpenssl(document, key), publicKey), 'wrong');
      }
    });
    test(`${name}: does not fit if a bit of the document or of the signature changed`, async () => {
      const signature = signByOpenssl(document, key);
      const verifier = new DocumentSignatureVerifier(key.publicKey);
      await fc.assert(
        fc.asyncProperty(fc.boolean(), fc.nat(), fc.nat(7), async (inDocument, place, bit) => {
          const bytes = Buffer.from(inDocument ? document : Buffer.from(signature, 'base64'));
          const index = place % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
          const verdict = inDocument
            ? await verifier.verify(bytes, signature)
            : await verifier.verify(document, bytes.toString('base64'));
          assert.equal(verdict, 'wrong');
        }),
      );
    });
  }
  test('does not fit if its hash is not the one of the curve', async () => {
    for (const [name, hash] of [
      ['P-256', 'sha384'],
      ['P-384', 'sha256'],
    ] as const) {
      const key = keys[name]!;
      assert.equal(await verifyDocumentSignature(document, signByOpenssl(document, key, hash), key.publicKey), 'wrong');
    }
  });
});

describe('two signatures, each on its own line', () => {
  const other = Buffer.from('{"schemaVersion":1,"revision":2,"identities":[]}\n');
  const stranger = makeSigningKey('ed25519');
  for (const [name, key] of Object.entries(keys)) {
    test(`${name}: fit the document if one of them does, in either order`, async () => {
      const [one, two] = [signByOpenssl(document, key), signByOpenssl(other, key)];
      for (const text of [`${one}\n${two}`, `${two}\n${one}\n`, `${two}\r\n${one}\r\n`]) {
        assert.equal(await verifyDocumentSignature(document, text, key.publicKey), 'fits');
        assert.equal(await verifyDocumentSignature(other, text, key.publicKey), 'fits');
        assert.equal(await verifyDocumentSignature(Buffer.from('{}'), text, key.publicKey), 'wrong');
        assert.equal(await verifyDocumentSignature(document, text, stranger.publicKey), 'wrong');
      }
    });
  }
  test('are at most two, and both must be well-formed', async () => {
    const { publicKey } = keys['Ed25519']!;
    const good = signByOpenssl(document, keys['Ed25519']!);
    const another = signByOpenssl(document, stranger);
    assert.equal(await verifyDocumentSignature(document, `${another}\n${good}`, publicKey), 'fits');
    for (const text of [`${another}\n${another}\n${good}`, `${good}\n\n${good}`, `${good}\nno`, `${good}\nAAAA`]) {
      assert.equal(await verifyDocumentSignature(document, text, publicKey), 'malformed', text);
    }
  });
});

describe('a text that is not a signature', () => {
  const { publicKey } = keys['Ed25519']!;
  test('is absent if it is empty', async () => {
    for (const text of [undefined, '', ' \n']) {
      assert.equal(await verifyDocumentSignature(document, text, publicKey), 'absent');
    }
  });
  test('is malformed if it is not base64 on one line', async () => {
    const signature = signByOpenssl(document, keys['Ed25519']!);
    const folded = `${signature.slice(0, 64)}\n${signature.slice(64)}`;
    const texts = [folded, 'no', `${signature}=`, signature.replace(/=+$/, ''), 'A'.repeat(2_000), '{"signature":""}'];
    for (const text of texts) assert.equal(await verifyDocumentSignature(document, text, publicKey), 'malformed', text);
  });
  test('is wrong if its bytes are not a signature of the key’s kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        for (const key of Object.values(keys)) {
          const text = Buffer.from(bytes).toString('base64');
          assert.equal(await verifyDocumentSignature(document, text, key.publicKey), 'wrong');
        }
      }),
      { numRuns: countRuns(50) },
    );
  });
});

describe('keys', () => {
  const pem = (args: readonly string[]): string => runOpenssl(args).toString();
  const publicOf = (algorithm: readonly string[]): string => {
    const path = newTemporaryPath('.pem');
    writeFileSync(path, runOpenssl(['genpkey', ...algorithm]));
    return pem(['pkey', '-in', path, '-pubout']);
  };
  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['RSA', publicOf(['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']), /one of them is RSA\./],
    ['Ed448', publicOf(['-algorithm', 'ED448']), /one of them is ED448/],
    ['P-521', publicOf(['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521']), /one of them is EC SECP521R1/],
    ['X25519', publicOf(['-algorithm', 'X25519']), /one of them is X25519/],
    ['a private key', readFileSync(keys['Ed25519']!.privateKeyFile, 'utf8'), /is a private key\. .* replace it/],
    ['two keys in one text', keys['P-256']!.publicKey + keys['P-384']!.publicKey, /exactly one block/],
    ['a broken key', keys['P-256']!.publicKey.replace(/\n.{4}/, '\nAAAA'), /can't be read/],
    ['a path', 'trust.pub.pem', /exactly one block/],
    ['nothing', undefined, /of type undefined/],
    ['an empty text', '', /is empty/],
    ['no keys', [], /holds none/],
    ['a list with a hole', [keys['P-256']!.publicKey, undefined], /of type undefined/],
    ['a Buffer', Buffer.from(keys['P-256']!.publicKey), /of type object/],
  ];
  for (const [what, signedBy, words] of refused) {
    test(`${what} is refused as a key`, () => {
      assert.throws(() => new DocumentSignatureVerifier(signedBy), {
        code: 'CERTGATE_ARGUMENT_INVALID',
        message: words,
      });
    });
  }
  test('a certificate is refused, and the message says how to get its key', () => {
    const path = newTemporaryPath('.pem');
    const made = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', path, '-subj', '/CN=x'];
    const message = /is a certificate\. Take its key: openssl x509/;
    assert.throws(() => new DocumentSignatureVerifier(pem(made)), { code: 'CERTGATE_ARGUMENT_INVALID', message });
  });
  test('have the same configuration in any order', () => {
    const pems = Object.values(keys).map(({ publicKey }) => publicKey);
    const name = (signedBy: unknown): string => new DocumentSignatureVerifier(signedBy).configuration.join();
    assert.equal(name(pems), name([...pems].reverse()));
    assert.notEqual(name(pems), name(pems.slice(1)));
  });
});
