import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { ToolFailure } from '#local/tool-failure.js';
import { parseCertificationRequest, readCertificationRequest } from './certification-request.js';
import { createAuthority } from './create-authority.js';
import { certifyKey } from './issue-certificate.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl, tryOpenssl } from './test-support/openssl.js';

const ec = (curve: string): readonly string[] => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];

describe('a certificate request', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });

  /** Makes a request in PEM with openssl, and its key in a file of the same name. */
  function makeRequest(name: string, newKey: readonly string[], ...more: readonly string[]): string {
    const file = folder.file(`${name}.csr`);
    runOpenssl([
      'req', '-new', ...newKey, '-nodes', '-subj', `/O=Example/CN=${name}`,
      '-keyout', folder.file(`${name}.key`), '-out', file, ...more,
    ]); // prettier-ignore
    return file;
  }
  const toDer = (file: string): Buffer =>
    Buffer.from(readFileSync(file, 'utf8').replace(/-----.*-----|\s/g, ''), 'base64');

  function expectRefusal(bytes: Buffer | string, message: RegExp): void {
    assert.throws(
      () => parseCertificationRequest(Buffer.from(bytes), 'billing.csr'),
      (fault) => {
        assert.ok(fault instanceof ToolFailure, String(fault));
        assert.match(`${fault.message} ${fault.remedy ?? ''}`, message);
        return true;
      },
      String(message),
    );
  }

  const made = createAuthority({ commonName: 'root', now: new Date() });
  const issuer = { ...made, privateKey: createPrivateKey(made.privateKeyPem), issuers: [] };
  const certify = (file: string): X509Certificate => {
    const { publicKey } = parseCertificationRequest(readFileSync(file), file);
    return new X509Certificate(
      certifyKey({ issuer, commonName: 'billing', publicKey, now: new Date() }).certificateDer,
    );
  };

  const accepted: Readonly<Record<string, readonly string[]>> = {
    'rsa-2048': ['-newkey', 'rsa:2048'],
    'p-256': ec('P-256'),
    'p-384': [...ec('P-384'), '-sha384'],
    'p-521': [...ec('P-521'), '-sha512'],
    ed25519: ['-newkey', 'ed25519'],
  };
  for (const [name, newKey] of Object.entries(accepted)) {
    test(`${name}: is read in PEM and DER, and the certificate has its key and none of its wishes`, async () => {
      const wishes = ['basicConstraints=critical,CA:TRUE', 'subjectAltName=DNS:a.example,URI:spiffe://a.example/b'];
      const file = makeRequest(name, newKey, ...wishes.flatMap((each) => ['-addext', each]));
      const expected = createPublicKey(readFileSync(folder.file(`${name}.key`)));
      const request = await readCertificationRequest(file);
      assert.ok(request.publicKey.equals(expected));
      assert.deepEqual(request.wishes, {
        subject: `O=Example, CN=${name}`,
        names: ['DNS:a.example', 'URI:spiffe://a.example/b'],
        extensions: ['basicConstraints'],
      });
      const der = folder.file(`${name}.der`, toDer(file));
      assert.ok((await readCertificationRequest(der)).publicKey.equals(expected));
      const certificate = certify(file);
      assert.ok(certificate.publicKey.equals(expected));
      assert.equal(certificate.ca, false);
      assert.equal(certificate.subject, 'CN=billing');
      assert.equal(certificate.subjectAltName, undefined);
    });
  }

  test('is read without attributes, and under the older label with text around it', () => {
    const file = makeRequest('plain', ec('P-256'));
    const { wishes } = parseCertificationRequest(readFileSync(file), file);
    assert.deepEqual(wishes, { subject: 'O=Example, CN=plain', names: [], extensions: [] });
    const older = runOpenssl(['req', '-in', file, '-newhdr', '-text']);
    assert.match(older, /^Certificate Request:[^]*BEGIN NEW CERTIFICATE REQUEST/);
    assert.deepEqual(parseCertificationRequest(Buffer.from(older), file).wishes, wishes);
  });

  test('is refused if no gate accepts its key, or if its signature proves too little', () => {
    const weak = makeRequest('weak', ['-newkey', 'rsa:1024']);
    assert.throws(() => certify(weak), { name: 'ToolFailure', message: /RSA 1024\) is too weak.*Nothing was issued/ });
    const odd = makeRequest('odd', ec('secp256k1'));
    assert.throws(() => certify(odd), { name: 'ToolFailure', message: /does not support.*Nothing was issued/ });
    for (const [name, newKey] of Object.entries({
      sha1: ['-newkey', 'rsa:2048', '-sha1'],
      pss: ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss'],
      ed448: ['-newkey', 'ed448'],
    })) {
      const file = makeRequest(name, newKey);
      expectRefusal(readFileSync(file), /signed by an algorithm that is not accepted for its key \([\d.]+\)/);
    }
  });

  test("is refused with somebody else's key, because the signature doesn't match", () => {
    const [mine] = ['mine', 'other'].map((name) => toDer(makeRequest(name, ec('P-256'))));
    const [key, otherKey] = ['mine', 'other'].map((name) => readPublicKey(folder.file(`${name}.key`)));
    const at = mine!.indexOf(key!);
    assert.ok(at > 0);
    const forged = Buffer.concat([mine!.subarray(0, at), otherKey!, mine!.subarray(at + key!.length)]);
    assert.equal(forged.length, mine!.length);
    expectRefusal(forged, /signature of billing\.csr is not by the key in it/);
  });

  test('is refused in a file that contains something else, or more', () => {
    const file = makeRequest('good', ec('P-256'));
    const pem = readFileSync(file, 'utf8');
    const der = toDer(file);
    const { certificate, key } = makeOpensslPair(folder, 'pair');
    expectRefusal('', /contains no certificate request/);
    expectRefusal('hello', /contains no certificate request/);
    expectRefusal(Buffer.from([0x30, 0xff, 0x01]), /no certificate request that can be read/);
    expectRefusal(readFileSync(certificate), /contains a certificate, not a certificate request/);
    expectRefusal(pem + readFileSync(key, 'utf8'), /private key[^]*The key must stay with the caller/);
    expectRefusal(pem + pem, /contains 2 certificate requests/);
    expectRefusal(Buffer.concat([der, der]), /more in it than one certificate request/);
    expectRefusal(der.subarray(0, -1), /no certificate request that can be read/);
    expectRefusal(Buffer.concat([Buffer.from([0x30, 0x84, 0, 1, 0, 0]), Buffer.alloc(65_536)]), /larger than 64 KiB/);
    // Nested as deeply as the size limit allows.
    expectRefusal(nest(16_000), /no certificate request that can be read/);
  });

  test('is refused if its signature algorithm has the tag of another type', () => {
    const der = toDer(folder.file('p-256.csr'));
    // ecdsa-with-SHA256 in a SEQUENCE of 12 octets.
    const at = der.lastIndexOf(Buffer.from('300a06082a8648ce3d040302', 'hex'));
    assert.ok(at > 0);
    const altered = Buffer.from(der);
    altered[at] = 0xa0;
    assert.doesNotThrow(() => parseCertificationRequest(der, 'x'));
    assert.throws(() => parseCertificationRequest(altered, 'x'), /no certificate request that can be read/);
  });

  test('is refused after any change of its octets, unless openssl verifies it too', () => {
    const files = ['rsa-2048', 'p-256', 'ed25519'].map((name) => toDer(folder.file(`${name}.csr`)));
    const keys = files.map((der) => parseCertificationRequest(der, 'x').publicKey);
    const edit = fc.record({ at: fc.nat(), octet: fc.nat(255), kind: fc.constantFrom('set', 'insert', 'remove') });
    let refusals = 0;
    fc.assert(
      fc.property(fc.nat(2), fc.array(edit, { minLength: 1, maxLength: 3 }), (index, edits) => {
        const original = files[index]!;
        const octets = [...original];
        for (const { at, octet, kind } of edits) {
          const values = kind === 'remove' ? [] : [octet];
          octets.splice(at % octets.length, kind === 'insert' ? 0 : 1, ...values);
        }
        const der = Buffer.from(octets);
        if (der.equals(original)) return;
        try {
          const { publicKey } = parseCertificationRequest(der, 'mutated');
          assert.ok(publicKey.equals(keys[index]!));
        } catch (fault) {
          assert.ok(fault instanceof ToolFailure, String(fault));
          refusals += 1;
          return;
        }
        const { status, text } = tryOpenssl([
          'req',
          '-inform',
          'DER',
          '-in',
          folder.file('m', der),
          '-noout',
          '-verify',
        ]);
        assert.equal(status, 0, text);
      }),
      { numRuns: 300 },
    );
    assert.ok(refusals > 200);
  });
});

function readPublicKey(file: string): Buffer {
  return createPublicKey(readFileSync(file)).export({ type: 'spki', format: 'der' });
}

/** SEQUENCEs inside each other, with lengths in their shortest form. */
function nest(depth: number): Buffer {
  let length = 0;
  const headers: Buffer[] = [];
  for (let level = 0; level < depth; level += 1) {
    const header =
      length < 0x80
        ? Buffer.from([0x30, length])
        : length < 0x100
          ? Buffer.from([0x30, 0x81, length])
          : Buffer.from([0x30, 0x82, length >> 8, length & 0xff]);
    headers.push(header);
    length += header.length;
  }
  return Buffer.concat(headers.reverse());
}
