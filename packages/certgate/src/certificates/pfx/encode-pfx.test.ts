import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder, makeOpensslPair, runOpenssl, tryOpenssl } from '../test-support/openssl.js';
import { decodePfx } from './decode-pfx.js';
import { encodePfx } from './encode-pfx.js';

const passwords = ['correct horse', 'Grüße-пароль-🔑', ' spaces kept ', 'x'.repeat(200)];
/** One password suffices for RSA, because the encryption with a password does not depend on the kind of key. */
const passwordsOf: Readonly<Record<string, readonly string[]>> = { ec: passwords, rsa: passwords.slice(0, 1) };

describe('encodePfx', () => {
  const folder = createTemporaryFolder();
  before(() => {
    makeOpensslPair(folder, 'ec', 'ec');
    makeOpensslPair(folder, 'rsa', 'rsa');
  });
  after(() => {
    folder.remove();
  });

  for (const kind of ['ec', 'rsa']) {
    for (const compatible of [false, true]) {
      const name = `${kind}, ${compatible ? 'compatible' : 'modern'}`;

      test(`${name}: openssl opens the file and finds the certificate and the key`, () => {
        for (const password of passwordsOf[kind] ?? []) {
          const { file, certificatePem, privateKeyPem } = write(kind, compatible, password);
          const passwordFile = folder.file('password.txt', `${password}\n`);
          const text = runOpenssl(['pkcs12', '-in', file, '-passin', `file:${passwordFile}`, '-noenc']);
          assert.ok(text.includes(certificatePem.trim()));
          assert.ok(text.includes(privateKeyPem.trim()));
          assert.match(text, /friendlyName: billing/);
          assert.equal(text.match(/localKeyID: ([0-9A-F ]+)/g)?.length, 2);
        }
      });

      test(`${name}: the file is protected with the documented algorithms, and decodePfx opens it`, () => {
        const { file, pfx, certificatePem, privateKeyPem } = write(kind, compatible, 'correct horse');
        const certificateDer = new X509Certificate(certificatePem).raw;
        assert.deepEqual(decodePfx(pfx, 'correct horse'), { certificateDer, privateKeyPem, otherCertificates: [] });
        const { text } = tryOpenssl(['pkcs12', '-in', file, '-passin', 'pass:correct horse', '-info', '-noout']);
        if (compatible) {
          assert.match(text, /MAC: sha1, Iteration 10000/);
          assert.equal(text.match(/pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000/g)?.length, 2);
        } else {
          assert.match(text, /MAC: sha256, Iteration 100000/);
          assert.equal(text.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/g)?.length, 2);
        }
      });

      test(`${name}: Node opens the file as a secure context, and not with another password`, () => {
        for (const password of passwordsOf[kind] ?? []) {
          const { pfx } = write(kind, compatible, password);
          assert.ok(createSecureContext({ pfx, passphrase: password }));
          assert.throws(() => createSecureContext({ pfx, passphrase: `${password}.` }), /mac verify failure/);
        }
      });
    }
  }

  test('makes new salts and initialization vectors each time', () => {
    assert.notDeepEqual(encode('ec', false, 'correct horse'), write('ec', false, 'correct horse').pfx);
  });

  // Files that were encoded before. Each derivation of a key takes time, and several tests use the same file.
  const encoded = new Map<string, Buffer>();

  function write(
    kind: string,
    compatible: boolean,
    password: string,
  ): { readonly file: string; readonly pfx: Buffer; readonly certificatePem: string; readonly privateKeyPem: string } {
    const certificatePem = readFileSync(folder.file(`${kind}.crt`), 'utf8');
    const privateKeyPem = readFileSync(folder.file(`${kind}.key`), 'utf8');
    const name = JSON.stringify([kind, compatible, password]);
    const pfx = encoded.get(name) ?? encode(kind, compatible, password);
    encoded.set(name, pfx);
    return { file: folder.file('out.pfx', pfx), pfx, certificatePem, privateKeyPem };
  }

  function encode(kind: string, compatible: boolean, password: string): Buffer {
    const certificateDer = new X509Certificate(readFileSync(folder.file(`${kind}.crt`), 'utf8')).raw;
    const privateKeyPem = readFileSync(folder.file(`${kind}.key`), 'utf8');
    return encodePfx({ certificateDer, privateKeyPem, password, friendlyName: 'billing', compatible });
  }
});
