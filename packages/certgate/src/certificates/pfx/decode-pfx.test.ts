import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import forge from 'node-forge';
import {
  createTemporaryFolder,
  makeOpensslPair,
  runOpenssl,
  tryOpenssl,
  type OpensslPair,
} from '../test-support/openssl.js';
import { decodePfx } from './decode-pfx.js';
import { DerivationBudget } from './key-derivation.js';
import { PfxError, type PfxErrorCode } from './pfx-error.js';

/** The options with which openssl writes each kind of file. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  'OpenSSL 3 default': [],
  'legacy: RC2-40 certificates, as older Windows exports': ['-legacy'],
  '3DES and SHA-1': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  'AES-128': ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'],
  'AES-192 and a SHA-1 MAC': ['-keypbe', 'AES-192-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha1'],
  '3DES in PBES2': ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'DES-EDE3-CBC'],
  'certificates in the clear': ['-certpbe', 'NONE'],
  'key in the clear': ['-keypbe', 'NONE'],
  'SHA-512 MAC': ['-macalg', 'sha512'],
  'SHA-384 MAC, one round': ['-macalg', 'sha384', '-nomaciter', '-noiter'],
  'many rounds': ['-iter', '10000'],
  PBMAC1: ['-pbmac1_pbkdf2'],
};

/** Whether openssl can write PBMAC1 (RFC 9579), which it can from version 3.4 on. */
const isPbmac1Written = tryOpenssl(['pkcs12', '-help']).text.includes('-pbmac1_pbkdf2');

describe('decodePfx', () => {
  const folder = createTemporaryFolder();
  let ec: OpensslPair;
  let rsa: OpensslPair;
  before(() => {
    ec = makeOpensslPair(folder, 'ec', 'ec');
    rsa = makeOpensslPair(folder, 'rsa', 'rsa');
  });
  after(() => {
    folder.remove();
  });

  function makePfx(pair: OpensslPair, password: string, ...args: readonly string[]): Buffer {
    const out = folder.file('made.pfx');
    const passwordFile = folder.file('password.txt', `${password}\n`);
    runOpenssl([
      'pkcs12', '-export', '-in', pair.certificate, '-inkey', pair.key, '-out', out, '-passout', `file:${passwordFile}`,
      '-name', 'billing', ...args,
    ]); // prettier-ignore
    return readFileSync(out);
  }

  function expectPair(pfx: Buffer, password: string | undefined, pair: OpensslPair): void {
    const decoded = decodePfx(pfx, password);
    assert.deepEqual(decoded.certificateDer, new X509Certificate(readFileSync(pair.certificate)).raw);
    const key = createPrivateKey(readFileSync(pair.key)).export({ type: 'pkcs8', format: 'pem' });
    assert.equal(decoded.privateKeyPem, key);
  }

  function expectFault(code: PfxErrorCode, open: () => unknown): PfxError {
    let fault: unknown;
    try {
      open();
    } catch (thrown) {
      fault = thrown;
    }
    assert.ok(fault instanceof PfxError, `expected a PfxError, got ${String(fault)}`);
    assert.equal(fault.code, code, fault.message);
    return fault;
  }

  for (const [kind, args] of Object.entries(kinds)) {
    const skip = kind === 'PBMAC1' && !isPbmac1Written;
    test(`opens openssl's ${kind}, EC and RSA, and reports another password as wrong`, { skip }, () => {
      for (const pair of [ec, rsa]) {
        for (const password of ['correct horse', 'Grüße-пароль-🔑']) {
          expectPair(makePfx(pair, password, ...args), password, pair);
        }
      }
      const pfx = makePfx(ec, 'correct horse', ...args);
      for (const password of ['', undefined, 'Correct horse', 'correct horse\n']) {
        expectFault('password_wrong', () => decodePfx(pfx, password));
      }
    });
  }

  test('opens both forms of an empty password with an empty password or none, and with no other', () => {
    // openssl writes the password as the empty BMPString; forge's null writes no octets at all.
    const empty = makePfx(ec, '');
    const key = forge.pki.privateKeyFromPem(runOpenssl(['rsa', '-in', rsa.key, '-traditional']));
    const certificate = forge.pki.certificateFromPem(readFileSync(rsa.certificate, 'utf8'));
    const none = Buffer.from(
      forge.asn1.toDer(forge.pkcs12.toPkcs12Asn1(key, [certificate], null)).getBytes(),
      'latin1',
    );
    for (const password of ['', undefined]) {
      expectPair(empty, password, ec);
      expectPair(none, password, rsa);
    }
    expectFault('password_wrong', () => decodePfx(empty, 'x'));
    expectFault('password_wrong', () => decodePfx(none, 'x'));
  });

  test('opens a file without a MAC, and refuses a wrong password for it', () => {
    const pfx = makePfx(ec, 'correct horse', '-nomac');
    expectPair(pfx, 'correct horse', ec);
    expectFault('password_wrong', () => decodePfx(pfx, 'wrong'));
  });

  test('chooses the certificate that belongs to the key, wherever it is in the file', () => {
    const out = folder.file('chain.pfx');
    for (const certificates of [
      [ec, rsa],
      [rsa, ec],
    ]) {
      const bundle = folder.file(
        'bundle.pem',
        certificates.map(({ certificate }) => readFileSync(certificate, 'utf8')).join(''),
      );
      runOpenssl(['pkcs12', '-export', '-in', bundle, '-inkey', rsa.key, '-out', out, '-passout', 'pass:a']);
      expectPair(readFileSync(out), 'a', rsa);
      assert.deepEqual(decodePfx(readFileSync(out), 'a').otherCertificates, [
        new X509Certificate(readFileSync(ec.certificate)).raw,
      ]);
    }
  });

  test('returns the first certificate and no key for a file that contains only certificates', () => {
    const out = folder.file('nokey.pfx');
    runOpenssl(['pkcs12', '-export', '-nokeys', '-in', ec.certificate, '-out', out, '-passout', 'pass:a']);
    const decoded = decodePfx(readFileSync(out), 'a');
    assert.equal(decoded.privateKeyPem, undefined);
    assert.deepEqual(decoded.certificateDer, new X509Certificate(readFileSync(ec.certificate)).raw);
  });

  test('does not pair a key with another certificate if its own is missing', () => {
    const out = folder.file('nocert.pfx');
    runOpenssl(['pkcs12', '-export', '-nocerts', '-inkey', ec.key, '-out', out, '-passout', 'pass:a']);
    expectFault('unsupported', () => decodePfx(readFileSync(out), 'a'));
  });

  test('reads indefinite lengths and octet strings in pieces, as Windows and macOS write them', () => {
    const pfx = makePfx(ec, 'correct horse', '-macalg', 'sha1');
    expectPair(toIndefinite(pfx), 'correct horse', ec);
  });

  test('names a scheme that it does not know', () => {
    const pfx = makePfx(ec, 'a', '-legacy', '-certpbe', 'PBE-SHA1-RC4-128');
    assert.match(expectFault('unsupported', () => decodePfx(pfx, 'a')).message, /1\.2\.840\.113549\.1\.12\.1\.1/);
  });

  describe('rounds of key derivation', () => {
    const legacy = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'];
    const clear = ['-certpbe', 'NONE'];
    /** Asserts that the file is refused before its rounds are worked off, which would take longer. */
    const expectRefusal = (pfx: Buffer, words: RegExp): void => {
      const began = process.cpuUsage();
      assert.match(expectFault('unsupported', () => decodePfx(pfx, 'a')).message, words);
      const { user, system } = process.cpuUsage(began);
      assert.ok(user + system < 300_000, `${user + system} µs`);
    };
    const single = /asks for 1000001 rounds of key derivation; 1 to 1000000 are accepted\. Export it again.*-iter/;

    test('are refused above the limit before any is worked off, for every part and for both derivations', () => {
      // First a file that openssl really wrote. The other files are edited, so that openssl does not work off the
      // rounds.
      expectRefusal(makePfx(ec, 'a', '-iter', '1000001', '-nomac', ...clear), single);
      const askTooMany = (...args: readonly string[]): Buffer => {
        const pfx = makePfx(ec, 'a', '-iter', '70000', ...args).toString('hex');
        const asked = pfx.replaceAll('0203011170', '02030f4241');
        assert.notEqual(asked, pfx);
        return Buffer.from(asked, 'hex');
      };
      // The rounds of the MAC, which is checked first.
      for (const args of [['-macalg', 'sha512'], ...(isPbmac1Written ? [['-pbmac1_pbkdf2']] : []), legacy]) {
        expectRefusal(askTooMany(...args), single);
      }
      for (const args of [[], legacy, [...legacy, ...clear]]) expectRefusal(askTooMany('-nomac', ...args), single);
    });

    test('are accepted in the number that OWASP advises', () => {
      expectPair(makePfx(ec, 'a', '-iter', '600000', '-nomac', ...clear), 'a', ec);
    });

    test('are refused if their number is zero', () => {
      const pfx = makePfx(ec, 'a', '-iter', '100', '-nomac', ...clear);
      const at = pfx.lastIndexOf(Buffer.from([0x02, 0x01, 100]));
      pfx.set([0x02, 0x01, 0], at);
      expectFault('unsupported', () => decodePfx(pfx, 'a'));
    });

    test('are taken from one budget for all parts of a file, once for each block', () => {
      const pfx = makePfx(ec, 'a');
      // A MAC, the certificates and the key take 2,048 rounds each.
      expectPair(pfx, 'a', ec);
      decodePfx(pfx, 'a', new DerivationBudget(3 * 2048));
      const spent = expectFault('unsupported', () => decodePfx(pfx, 'a', new DerivationBudget(3 * 2048 - 1)));
      assert.match(spent.message, /more than 6143 rounds of key derivation together\. Export it again/);
      // With SHA-1, a key for 3DES takes two blocks, and its initialization vector takes one.
      const old = makePfx(ec, 'a', '-iter', '10', '-nomac', ...legacy, ...clear);
      decodePfx(old, 'a', new DerivationBudget(30));
      expectFault('unsupported', () => decodePfx(old, 'a', new DerivationBudget(29)));
    });
  });

  test('throws a PfxError for a file with a flipped octet or a cut, or returns the original certificate', () => {
    const pfx = makePfx(ec, 'a', '-iter', '1');
    const certificate = new X509Certificate(readFileSync(ec.certificate)).raw;
    fc.assert(
      fc.property(fc.nat(pfx.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = Buffer.from(pfx);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        // A flip inside the MAC can ask for a million rounds, which take a second. The limit has a test of its own.
        if (at > pfx.length - 24) return;
        try {
          assert.deepEqual(decodePfx(damaged, 'a').certificateDer, certificate);
        } catch (fault) {
          assert.ok(fault instanceof PfxError, String(fault));
        }
      }),
      { numRuns: 400 },
    );
    for (let length = 0; length < pfx.length; length += 7) {
      expectFault('malformed', () => decodePfx(pfx.subarray(0, length), 'a'));
    }
    expectFault('malformed', () => decodePfx(Buffer.concat([pfx, Buffer.from([0])]), 'a'));
  });
});

/** Rewrites the outer layers of a DER PFX in BER: indefinite lengths, and the content's octets in pieces of 100. */
function toIndefinite(pfx: Buffer): Buffer {
  const outer = forge.asn1.fromDer(pfx.toString('latin1'));
  const [version, contentInfo, macData] = outer.value as forge.asn1.Asn1[];
  const [contentType, content] = contentInfo?.value as forge.asn1.Asn1[];
  const [octets] = content?.value as forge.asn1.Asn1[];
  const bytes = Buffer.from(octets?.value as string, 'latin1');
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 100) {
    const piece = bytes.subarray(at, at + 100);
    pieces.push(Buffer.from([0x04, piece.length]), piece);
  }
  const end = Buffer.from([0, 0]);
  const wrap = (tag: number, ...parts: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.from([tag, 0x80]), ...parts, end]);
  const der = (node: forge.asn1.Asn1 | undefined): Buffer => Buffer.from(forge.asn1.toDer(node!).getBytes(), 'latin1');
  return wrap(0x30, der(version), wrap(0x30, der(contentType), wrap(0xa0, wrap(0x24, ...pieces))), der(macData));
}
