import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decideAccess } from '../access/access-decision.js';
import { maximumHeaderLength, readCertificateHeader, trimHeader, presentCertificate } from './certificate-header.js';
import type { DenialCode } from '../denial.js';
import { getKeyPath, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { assertDenied, snapshotOf } from '../test-support/documents.js';
import { newTemporaryPath, runOpenssl } from '@certgate/x509/test-support/openssl.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const { der, header } = makeCertificate();
const large = makeCertificate({
  extensions: [`subjectAltName = ${Array.from({ length: 3000 }, (_, index) => `DNS:n${index}`).join(',')}`],
});
const { thumbprintSha256, publicKeySha256 } = presentCertificate(der);
const pem = runOpenssl(['x509', '-inform', 'der'], der).toString();

/** The document could recognise the certificate in several ways, so a refusal can only come from the header. */
const trust = snapshotOf({
  pins: [{ thumbprintSha256 }, { publicKeySha256, notAfter: '2030-01-01T00:00:00Z' }],
});
const decide = (text: string | null | undefined): ReturnType<typeof decideAccess> =>
  decideAccess({ header: text, trust, requirement: { functionName: 'f', roles: [] }, now });

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('a header with one certificate', () => {
  test('is read with and without outer white space', () => {
    for (const text of [header, ` ${header}`, `${header}\t `, `\t ${header} \t`]) {
      const reading = readCertificateHeader(text);
      assert.ok(reading.outcome === 'read');
      assert.deepEqual(Buffer.from(reading.certificate.der), der);
      assert.equal(decide(text).outcome, 'allowed');
    }
  });
});

describe('the largest header that is read', () => {
  // The base64 of 12,288 octets, without padding.
  const sequence = Buffer.alloc(12_288);
  sequence.write('30822ffc', 'hex');
  const text = base64(sequence);

  test('is read', () => {
    assert.equal(text.length, maximumHeaderLength);
    const reading = readCertificateHeader(text);
    assert.ok(reading.outcome === 'read');
    assert.deepEqual(Buffer.from(reading.certificate.der), sequence);
  });
  test('is trimmed, and its length includes the white space', () => {
    const shorter = text.slice(0, -2);
    assert.equal(trimHeader(` ${shorter}\t`), shorter);
    const longer = ` ${text}`;
    assert.equal(trimHeader(longer), longer);
  });
});

describe('the log says about a header that is refused', () => {
  const padded = makePaddedHeader();
  for (const [what, text, words] of [
    ['that it has two values', `${header},${header}`, /more than one value/],
    ['that it has two values, also where they are PEM', `${pem.replaceAll('\n', '')},${pem}`, /more than one value/],
    ['that it is PEM', pem, /is PEM/],
    ['that it is base64url', `${header.slice(0, -4)}-_-_`, /is base64url/],
    ['that its padding is missing', padded.replace(/=+$/, ''), /cut short or not canonical/],
    ['that it is not base64', '{}', /is not base64\./],
    ['that a dash does not make it PEM', '----', /is base64url/],
    ['that dashes further on do not make it PEM', 'A-----==', /is base64url/],
    ['that it is not a SEQUENCE', base64(Buffer.from('let me in')), /not a DER SEQUENCE/],
    ['that the certificate is cut short', base64(der.subarray(0, -3)), /certificate in the header is cut short/],
    ['that bytes follow the certificate', base64(Buffer.concat([der, der])), /bytes after the certificate/],
    ['how long it is', 'A'.repeat(16_385), /has 16385 characters; 16384 are read/],
  ] as const) {
    test(what, () => {
      const reading = readCertificateHeader(text);
      assert.ok(reading.outcome === 'denied');
      assert.match(reading.detail, words);
    });
  }
});

describe('a header that is refused', () => {
  const cases: readonly (readonly [string, string | null | undefined, DenialCode])[] = [
    ['undefined', undefined, 'certificate_missing'],
    ['null', null, 'certificate_missing'],
    ['empty', '', 'certificate_missing'],
    ['a space', ' ', 'certificate_missing'],
    ['spaces and tabs', ' \t \t  ', 'certificate_missing'],
    ['the text "null"', 'null', 'certificate_malformed'],
    ['the text "(null)"', '(null)', 'certificate_malformed'],
    ['two quotes', '""', 'certificate_malformed'],
    ['a sentence', 'let me in', 'certificate_malformed'],
    ['base64 of a sentence', base64(Buffer.from('let me in')), 'certificate_malformed'],
    ['a quoted certificate', `"${header}"`, 'certificate_malformed'],
    ['a structured field byte sequence', `:${header}:`, 'certificate_malformed'],
    ['a data URL', `data:;base64,${header}`, 'certificate_multiple'],
    ['base64url', der.toString('base64url'), 'certificate_malformed'],
    ['base64 without its padding', makePaddedHeader().replace(/=+$/, ''), 'certificate_malformed'],
    ['base64 with padding too much', `${header}=`, 'certificate_malformed'],
    ['base64 over lines', header.replace(/.{64}/g, '$&\n'), 'certificate_malformed'],
    ['base64 with spaces inside', header.replace(/.{64}/g, '$& '), 'certificate_malformed'],
    ['PEM', pem, 'certificate_malformed'],
    ['PEM on one line', pem.replaceAll('\n', ' ').trim(), 'certificate_malformed'],
    ['percent-encoded PEM', encodeURIComponent(pem), 'certificate_malformed'],
    ['percent-encoded base64', encodeURIComponent(makePaddedHeader()), 'certificate_malformed'],
    ['base64 of PEM', base64(Buffer.from(pem)), 'certificate_malformed'],
    ['base64 of base64', base64(Buffer.from(header)), 'certificate_malformed'],
    ['two certificates, as two header lines arrive', `${header},${header}`, 'certificate_multiple'],
    ['two certificates with a space', `${header}, ${header}`, 'certificate_multiple'],
    ['an empty value in front', `,${header}`, 'certificate_multiple'],
    ['an empty value behind', `${header},`, 'certificate_multiple'],
    ['a comma', ',', 'certificate_multiple'],
    ['two certificates with a semicolon', `${header};${header}`, 'certificate_malformed'],
    ['two base64 texts side by side', makePaddedHeader().repeat(2), 'certificate_malformed'],
    ['two certificates in one DER', base64(Buffer.concat([der, der])), 'certificate_malformed'],
    ['a byte behind', base64(Buffer.concat([der, Buffer.alloc(1)])), 'certificate_malformed'],
    ['a byte in front', base64(Buffer.concat([Buffer.alloc(1), der])), 'certificate_malformed'],
    ['the last byte missing', base64(der.subarray(0, -1)), 'certificate_malformed'],
    ['half of it', base64(der.subarray(0, der.length / 2)), 'certificate_malformed'],
    ['one byte', base64(der.subarray(0, 1)), 'certificate_malformed'],
    ['a length of four gigabytes', base64(Buffer.from('3084ffffffff', 'hex')), 'certificate_malformed'],
    ['an indefinite length', base64(Buffer.from('30800000', 'hex')), 'certificate_malformed'],
    ['a PKCS #7 bag', makePkcs7Header(), 'certificate_not_trusted'],
    ['an empty SEQUENCE', base64(Buffer.from('3000', 'hex')), 'certificate_not_trusted'],
    ['16 KiB of commas', ','.repeat(16_384), 'certificate_multiple'],
    ['16 KiB of A', 'A'.repeat(16_384), 'certificate_malformed'],
    ['16 KiB of =', '='.repeat(16_384), 'certificate_malformed'],
    ['16 KiB of dashes', '-'.repeat(16_384), 'certificate_malformed'],
    ['one character more than is read', 'A'.repeat(16_385), 'certificate_too_large'],
    ['one white space more than is read', ' '.repeat(16_385), 'certificate_too_large'],
    ['a certificate larger than is read', large.header, 'certificate_too_large'],
    ['1 MiB of commas', ','.repeat(1_048_576), 'certificate_too_large'],
    ['1 MiB of spaces', ' '.repeat(1_048_576), 'certificate_too_large'],
    ['1 MiB of base64', 'A'.repeat(1_048_576), 'certificate_too_large'],
    ['NUL', '\0', 'certificate_malformed'],
    ['NUL behind', `${header}\0`, 'certificate_malformed'],
    ['NUL in front', `\0${header}`, 'certificate_malformed'],
    ['a line end behind', `${header}\n`, 'certificate_malformed'],
    ['CR LF in front', `\r\n${header}`, 'certificate_malformed'],
    ['a vertical tab in front', `\v${header}`, 'certificate_malformed'],
    ['a no-break space in front', `\u00a0${header}`, 'certificate_malformed'],
    ['a byte order mark in front', `\ufeff${header}`, 'certificate_malformed'],
    ['DEL', `${header}\u007f`, 'certificate_malformed'],
    ['a lone surrogate', `${header}\ud800`, 'certificate_malformed'],
    ['letters that lower to A–Z elsewhere', header.replace(/[A-Z]/, '\u212a'), 'certificate_malformed'],
  ];
  for (const [what, text, code] of cases) {
    test(`${what}: the code is ${code}`, () => {
      const decision = decide(text);
      assertDenied(decision, code);
      const reading = readCertificateHeader(text);
      if (code !== 'certificate_not_trusted') assert.deepEqual(reading, decision);
      else assert.equal(reading.outcome, 'read');
    });
  }
});

describe('something else in place of a certificate', () => {
  const key = getKeyPath('p-256');
  const rsaKey = getKeyPath('rsa-2048');
  const made: readonly (readonly [string, Buffer, RegExp])[] = [
    ['a PKCS #8 key', runOpenssl(['pkcs8', '-topk8', '-nocrypt', '-in', key, '-outform', 'der']), /private key/],
    ['a SEC 1 key', runOpenssl(['ec', '-in', key, '-outform', 'der']), /private key/],
    ['a PKCS #1 key', runOpenssl(['rsa', '-in', rsaKey, '-traditional', '-outform', 'der']), /private key/],
    [
      'an encrypted key',
      runOpenssl(['pkcs8', '-topk8', '-in', key, '-passout', 'pass:x', '-outform', 'der']),
      /tag|header/,
    ],
    ['a public key', runOpenssl(['pkey', '-in', key, '-pubout', '-outform', 'der']), /./],
    [
      'a signing request',
      runOpenssl(['req', '-new', '-key', key, '-subj', '/CN=client', '-outform', 'der']),
      /signing request/,
    ],
    [
      'a signing request without a name',
      runOpenssl(['req', '-new', '-key', key, '-subj', '/', '-outform', 'der']),
      /signing request/,
    ],
    [
      'a PKCS #12 bag',
      runOpenssl(['pkcs12', '-export', '-inkey', key, '-passout', 'pass:x'], Buffer.from(pem)),
      /private key/,
    ],
  ];
  for (const [what, bytes, words] of made) {
    test(`${what} is refused, and the log says what it is if its first octets show that`, () => {
      const decision = decide(base64(bytes));
      const isMalformed = /private|signing/.test(words.source);
      assertDenied(decision, isMalformed ? 'certificate_malformed' : 'certificate_not_trusted');
      if (isMalformed) assert.match('detail' in decision ? decision.detail : '', words);
    });
    test(`${what} is refused even if its bytes are pinned, and the log says what it is`, () => {
      const pinned = snapshotOf({ pins: [{ thumbprintSha256: presentCertificate(bytes).thumbprintSha256 }] });
      const requirement = { functionName: 'f', roles: [] };
      const decision = decideAccess({ header: base64(bytes), trust: pinned, requirement, now });
      assertDenied(decision, 'certificate_malformed');
      assert.match('detail' in decision ? decision.detail : '', words);
    });
  }
});

describe('garbage', () => {
  const heavy: readonly (readonly [string, string])[] = [
    ['16 KiB of commas', ','.repeat(16_384)],
    ['16 KiB of spaces between two letters, and one in front', ` a${' '.repeat(16_380)}a`],
    ['16 KiB of tabs and spaces in turn', `\ta${' \t'.repeat(8_190)}a`],
    ['16 KiB of padding', '='.repeat(16_384)],
    ['16 KiB of base64 and one that is none', `${'A'.repeat(16_383)}!`],
    ['16 KiB of base64url', '-'.repeat(16_384)],
    ['64 MiB of spaces', ' '.repeat(64 * 1024 * 1024)],
    ['64 MiB of commas', ','.repeat(64 * 1024 * 1024)],
  ];
  for (const [what, text] of heavy) {
    // bench/ measures what such headers cost, compared with a certificate.
    test(`${what} are refused`, () => {
      assert.equal(readCertificateHeader(text).outcome, 'denied');
    });
  }
});

describe('trimHeader', () => {
  test('removes white space of RFC 9110 at both ends, and nothing else', () => {
    const unit = fc.constantFrom(' ', '\t', '\n', '\0', 'a', '\u00a0');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
        const text = units.join('');
        assert.equal(trimHeader(text) ?? '', text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''));
      }),
    );
  });
  test('does not change a text that is too large', () => {
    const text = ' '.repeat(maximumHeaderLength + 1);
    assert.equal(trimHeader(text), text);
  });
});

describe('any text', () => {
  test('gives a reading or a denial, and what was read is the text in canonical base64', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const reading = readCertificateHeader(text);
        if (reading.outcome === 'read')
          assert.equal(base64(reading.certificate.der), text.replace(/^[ \t]+|[ \t]+$/g, ''));
        else assert.match(reading.code, /^certificate_/);
      }),
      { numRuns: countRuns(200) },
    );
  });
});

/** Makes a certificate whose base64 ends in padding. Ed25519, because the length of an ECDSA signature varies. */
function makePaddedHeader(): string {
  for (let length = 0; length < 3; length += 1) {
    const made = makeCertificate({ key: 'ed25519', name: [`CN = ${'x'.repeat(length + 1)}`] });
    if (made.header.endsWith('=')) return made.header;
  }
  throw new Error('no certificate of three had padding');
}

function makePkcs7Header(): string {
  const path = newTemporaryPath('.pem');
  writeFileSync(path, pem);
  return base64(runOpenssl(['crl2pkcs7', '-nocrl', '-certfile', path, '-outform', 'der']));
}
