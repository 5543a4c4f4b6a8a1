import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findCommonName, formatDistinguishedName } from './distinguished-name.js';
import { type ClientCertificate, decodeClientCertificate } from './client-certificate.js';
import { derTags, readDer, readSingle } from '../encoding/der.js';
import { type CertificateRequest, makeCertificate } from '../test-support/certificates.js';
import { encodeElement } from '../test-support/der-editing.js';
import { runOpenssl } from '../test-support/openssl.js';
import { countRuns } from '../test-support/random-runs.js';
import { decodeDistinguishedName } from './certificate.js';

const make = (request: CertificateRequest): { der: Buffer; certificate: ClientCertificate } => {
  const { der } = makeCertificate(request);
  const decoding = decodeClientCertificate(der);
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  return { der, certificate: decoding.certificate };
};
const subjectByOpenssl = (der: Buffer): string => {
  const options = ['-nameopt', 'RFC2253,-esc_msb,utf8'];
  const line = runOpenssl(['x509', '-inform', 'der', '-noout', '-subject', ...options], der).toString();
  return line.replace(/^subject=/, '').replace(/\n$/, '');
};
/**
 * Sorts the values of each relative name: they are a SET, whose order means nothing, and openssl prints it backwards.
 */
const sortValues = (name: string): readonly string[][] =>
  name.split(/(?<!\\),/).map((relative) => relative.split(/(?<!\\)\+/).sort());
/** A name with one common name, whose value has this tag and content. */
const nameOf = (tag: number, content: Uint8Array): Uint8Array => {
  const attribute = encodeElement(0x30, Buffer.from('0603550403', 'hex'), encodeElement(tag, content));
  return encodeElement(0x30, encodeElement(0x31, attribute));
};
const decode = (name: Uint8Array): ReturnType<typeof decodeDistinguishedName> | undefined => {
  const decoding = readDer(() => decodeDistinguishedName(readSingle(name, derTags.sequence)));
  return decoding.ok ? decoding.value : undefined;
};

describe('names that openssl wrote', () => {
  for (const [what, name] of [
    ['a common name', ['CN = client']],
    [
      'several',
      ['C = CH', 'ST = Bern', 'L = Bern', 'O = Example', 'OU = Payments', 'CN = billing', 'emailAddress = a@b.example'],
    ],
    ['domain components', ['0.DC = example', '1.DC = corp', 'UID = u1', 'CN = client']],
    ['two of one type', ['0.OU = one', '1.OU = two', 'CN = client']],
    ['several values in one relative name', ['OU = a', '+CN = b', '+UID = c', 'O = d']],
    ['what must be escaped', ['O = Example\\, Ltd + Sons', 'CN = a "quoted" <b>\\; c']],
    ['letters beyond ASCII', ['O = Bücher', 'CN = Łukasz \u{1f600}']],
    ['# in front', ['CN = \\#1']],
  ] as const) {
    test(`${what}: written as openssl writes it`, () => {
      const { der, certificate } = make({ name });
      assert.deepEqual(sortValues(certificate.subject), sortValues(subjectByOpenssl(der)));
      assert.equal(certificate.issuer, certificate.subject);
    });
  }

  const strings = [
    ['UTF8String', '0x2000', 0x0c],
    ['BMPString', '0x0800', 0x1e],
    ['TeletexString', '0x0004', 0x14],
    ['PrintableString', '0x0002', 0x13],
  ] as const;
  for (const [what, mask, tag] of strings) {
    test(`${what} is text`, () => {
      const { der, certificate } = make({
        settings: [`string_mask = MASK:${mask}`],
        name: ['O = Example', 'CN = client'],
      });
      assert.ok(der.includes(encodeElement(tag, tag === 0x1e ? utf16('client') : Buffer.from('client'))));
      assert.equal(certificate.commonName, 'client');
      assert.equal(certificate.subject, 'CN=client,O=Example');
    });
  }

  test('a multi-valued relative name is written as one relative name', () => {
    const { certificate } = make({ name: ['OU = a', '+CN = b', 'O = c'] });
    assert.deepEqual(
      certificate.subjectName.map((attributes) => attributes.map(({ value }) => value).sort()),
      [['a', 'b'], ['c']],
    );
  });
  test('an empty name is written as the empty text', () => {
    assert.equal(formatDistinguishedName(decode(Buffer.from('3000', 'hex')) ?? [[]]), '');
    assert.equal(findCommonName([]), undefined);
  });
  test('the last common name is used, as the most specific one', () => {
    assert.equal(make({ name: ['0.CN = outer', '1.CN = inner'] }).certificate.commonName, 'inner');
  });
});

describe('control characters', () => {
  test('in a name from a configuration file are escaped in the formatted name, and kept in the value', () => {
    const { certificate } = make({ name: ['CN = a\\nb\\rc\\td'] });
    assert.equal(certificate.subject, 'CN=a\\0ab\\0dc\\09d');
    assert.equal(certificate.commonName, 'a\nb\rc\td');
  });
  for (const [what, text, formatted] of [
    ['NUL', 'admin\0', 'CN=admin\\00'],
    ['escape sequences', '\u001b[2J', 'CN=\\1b[2J'],
    ['C1 controls', '\u009b', 'CN=\\c2\\9b'],
    ['right-to-left override', 'a\u202eb', 'CN=a\\e2\\80\\aeb'],
    ['line separator', 'a\u2028b', 'CN=a\\e2\\80\\a8b'],
    ['paragraph separator', 'a\u2029b', 'CN=a\\e2\\80\\a9b'],
    ['zero-width space', 'a\u200bb', 'CN=a\\e2\\80\\8bb'],
    ['a name inside a value', 'a,CN=admin', 'CN=a\\,CN\\=admin'],
    ['a backslash', 'a\\0a', 'CN=a\\\\0a'],
    ['one space', ' ', 'CN=\\ '],
    ['spaces at both ends', ' a ', 'CN=\\ a\\ '],
  ] as const) {
    test(`${what}: escaped`, () => {
      const name = decode(nameOf(0x0c, Buffer.from(text)));
      assert.ok(name !== undefined);
      assert.equal(formatDistinguishedName(name), formatted);
      assert.equal(findCommonName(name), text);
    });
  }
  test('no name is formatted as a text with one in it', () => {
    const value = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(value, (text) => {
        assert.doesNotMatch(formatDistinguishedName([[{ type: '2.5.4.3', value: text }]]), /[\p{C}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: countRuns(200) },
    );
  });
  test('two different names are never formatted as one text', () => {
    const attribute = fc.record({
      type: fc.constantFrom('2.5.4.3', '2.5.4.10', '1.2.3'),
      value: fc.string({ unit: fc.constantFrom('a', ',', '+', '=', '\\', ' ', '#', '0', '\n', 'CN=') }),
    });
    const name = fc.array(fc.array(attribute, { minLength: 1, maxLength: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(name, name, (one, two) => {
        const isSame = JSON.stringify(one) === JSON.stringify(two);
        assert.equal(formatDistinguishedName(one) === formatDistinguishedName(two), isSame);
      }),
      { numRuns: countRuns(600) },
    );
  });
});

describe('values that are not text', () => {
  test('are written as # and their DER, unescaped, and are not a common name', () => {
    const name = decode(nameOf(0x04, Buffer.from('61', 'hex')));
    assert.ok(name !== undefined);
    assert.equal(formatDistinguishedName(name), 'CN=#040161');
    assert.equal(findCommonName(name), undefined);
  });
  test('a text that looks like such a value is written differently', () => {
    const name = decode(nameOf(0x0c, Buffer.from('#040161')));
    assert.ok(name !== undefined);
    assert.equal(formatDistinguishedName(name), 'CN=\\#040161');
    assert.equal(findCommonName(name), '#040161');
  });
});

describe('names at the edges of what is read', () => {
  for (const [what, name, expected] of [
    ['the last ASCII character', nameOf(0x16, Buffer.from('7f', 'hex')), '\x7f'],
    ['a byte order mark', nameOf(0x0c, Buffer.from('efbbbf61', 'hex')), '\ufeffa'],
    ['two universal characters', nameOf(0x1c, Buffer.from('0000004d00000061', 'hex')), 'Ma'],
    ['the last before the surrogates', nameOf(0x1c, Buffer.from('0000d7ff', 'hex')), '\ud7ff'],
    ['the first after the surrogates', nameOf(0x1c, Buffer.from('0000e000', 'hex')), '\ue000'],
    ['the last character', nameOf(0x1c, Buffer.from('0010ffff', 'hex')), '\u{10ffff}'],
  ] as const) {
    test(what, () => {
      const decoded = decode(name);
      assert.ok(decoded !== undefined);
      assert.equal(findCommonName(decoded), expected);
    });
  }
});

describe('names that are refused', () => {
  for (const [what, name] of [
    ['UTF-8 that is none', nameOf(0x0c, Buffer.from('ff', 'hex'))],
    ['UTF-8 that is too long for its character', nameOf(0x0c, Buffer.from('c080', 'hex'))],
    ['a surrogate in UTF-8', nameOf(0x0c, Buffer.from('eda080', 'hex'))],
    ['half a universal character', nameOf(0x1c, Buffer.from('0000', 'hex'))],
    ['a universal character beyond Unicode', nameOf(0x1c, Buffer.from('00110000', 'hex'))],
    ['a surrogate in a UniversalString', nameOf(0x1c, Buffer.from('0000d800', 'hex'))],
    ['the last surrogate in a UniversalString', nameOf(0x1c, Buffer.from('0000dfff', 'hex'))],
    ['a universal character too short', nameOf(0x1c, Buffer.from('0000004d0000', 'hex'))],
    ['octets beyond ASCII among others', nameOf(0x16, Buffer.from('4de94d', 'hex'))],
    ['the first octet beyond ASCII', nameOf(0x16, Buffer.from('80', 'hex'))],
    ['half a BMP character', nameOf(0x1e, Buffer.from('00', 'hex'))],
    ['an IA5String beyond ASCII', nameOf(0x16, Buffer.from('e9', 'hex'))],
    ['a PrintableString beyond ASCII', nameOf(0x13, Buffer.from('e9', 'hex'))],
    ['an empty relative name', Buffer.from('30023100', 'hex')],
    ['a SEQUENCE in place of a SET', Buffer.from('30023000', 'hex')],
    ['an attribute without a value', Buffer.from('3009310730050603550403', 'hex')],
    ['an attribute with two values', Buffer.from('300d310b3009060355040305000500', 'hex')],
    ['an attribute without a type', Buffer.from('3006310430020500', 'hex')],
  ] as const) {
    test(what, () => {
      assert.equal(decode(name), undefined);
    });
  }
});

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
