import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeClientCertificate } from './client-certificate.js';
import { type SubjectAlternativeName, decodeSubjectAlternativeNames } from './general-name.js';
import { readDer } from '../encoding/der.js';
import { makeCertificate } from '../test-support/certificates.js';
import { encodeElement } from '../test-support/der-editing.js';

const namesOf = (der: Uint8Array): readonly SubjectAlternativeName[] => {
  const decoding = decodeClientCertificate(der);
  assert.ok(decoding.ok);
  return decoding.certificate.subjectAlternativeNames;
};
const general = (tag: number, ...content: readonly Uint8Array[]): Uint8Array =>
  encodeElement(0x30, encodeElement(tag, ...content));
const read = (value: Uint8Array): readonly SubjectAlternativeName[] | undefined => {
  const decoding = readDer(() => decodeSubjectAlternativeNames(value));
  return decoding.ok ? decoding.value : undefined;
};

describe('names that openssl wrote', () => {
  const { der } = makeCertificate({
    extensions: [
      'subjectAltName = DNS:Client.example, DNS:*.example, URI:spiffe://example/ns/a, email:a@b.example, IP:10.1.2.3, IP:2001:db8::1, RID:1.2.3.4, dirName:dir, otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.example',
    ],
    sections: ['[dir]', 'C = CH', 'O = Example\\, Ltd', 'CN = someone'],
  });

  test('come with their types, in order', () => {
    assert.deepEqual(namesOf(der), [
      { type: 'dns', value: 'Client.example' },
      { type: 'dns', value: '*.example' },
      { type: 'uri', value: 'spiffe://example/ns/a' },
      { type: 'email', value: 'a@b.example' },
      { type: 'ip', value: '10.1.2.3' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'registeredId', value: '1.2.3.4' },
      { type: 'directoryName', value: 'CN=someone,O=Example\\, Ltd,C=CH' },
      { type: 'other', value: 'a01b060a2b060104018237140203a00d0c0b6140622e6578616d706c65' },
    ]);
  });
  test('are those that Node prints', () => {
    const printed = new X509Certificate(der).subjectAltName ?? '';
    for (const text of [
      'DNS:Client.example',
      'URI:spiffe://example/ns/a',
      'email:a@b.example',
      'IP Address:10.1.2.3',
    ]) {
      assert.ok(printed.includes(text), printed);
    }
  });
  test('an absent extension has no names', () => {
    assert.deepEqual(namesOf(makeCertificate().der), []);
  });
});

describe('forms that fool readers', () => {
  const ia5 = (tag: number, text: string): Uint8Array => general(tag, Buffer.from(text, 'latin1'));

  test('NUL, control characters and octets above 126 in a text are refused', () => {
    for (const tag of [0x81, 0x82, 0x86]) {
      for (const text of [
        'good.example\0.evil.example',
        'a\nb',
        'a\rb',
        'a\tb',
        'a\x1bb',
        'a\x7fb',
        'b\xfccher.example',
      ]) {
        assert.equal(read(ia5(tag, text)), undefined);
      }
    }
  });
  test('a type that does not exist, or has the wrong form, is refused', () => {
    for (const tag of [0x80, 0x83, 0x84, 0x85, 0x89, 0xa1, 0xa2, 0xa6, 0xa7, 0xa8, 0xa9, 0x02, 0x0c, 0x30]) {
      assert.equal(read(general(tag, Buffer.from('a'))), undefined, tag.toString(16));
    }
  });
  test('x400Address and ediPartyName are kept, unread', () => {
    assert.deepEqual(read(general(0xa3)), [{ type: 'other', value: 'a300' }]);
    assert.deepEqual(read(general(0xa5)), [{ type: 'other', value: 'a500' }]);
  });
  test('an empty list, a list of another type and trailing bytes are refused', () => {
    assert.equal(read(Buffer.from('3000', 'hex')), undefined);
    assert.equal(read(Buffer.from('3103820161', 'hex')), undefined);
    assert.equal(read(Buffer.concat([ia5(0x82, 'a'), Buffer.alloc(1)])), undefined);
  });
  test('an IP address has 4 or 16 octets: no mask, no text', () => {
    for (const length of [0, 1, 3, 5, 8, 15, 17, 32])
      assert.equal(read(general(0x87, Buffer.alloc(length))), undefined);
  });
  test('a directory name must be a name', () => {
    assert.equal(read(general(0xa4, Buffer.from('0500', 'hex'))), undefined);
    assert.equal(read(general(0xa4, Buffer.from('30000500', 'hex'))), undefined);
    assert.deepEqual(read(general(0xa4, Buffer.from('3000', 'hex'))), [{ type: 'directoryName', value: '' }]);
  });
  test('control characters in a directory name are escaped', () => {
    const attribute = encodeElement(0x30, Buffer.from('0603550403', 'hex'), encodeElement(0x0c, Buffer.from('a\nb\0')));
    const name = encodeElement(0x30, encodeElement(0x31, attribute));
    assert.deepEqual(read(general(0xa4, name)), [{ type: 'directoryName', value: 'CN=a\\0ab\\00' }]);
  });
});

describe('IP addresses', () => {
  test('of 16 octets are written as RFC 5952 says', () => {
    for (const [hex, text] of [
      ['00000000000000000000000000000000', '::'],
      ['00000000000000000000000000000001', '::1'],
      ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
      ['00000000000000000000ffff0a000001', '::ffff:a00:1'],
      ['ffffffffffffffffffffffffffffffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ] as const) {
      assert.deepEqual(read(general(0x87, Buffer.from(hex, 'hex'))), [{ type: 'ip', value: text }]);
    }
  });
  test('any 16 octets are an address, and two texts are never the same', () => {
    const octets = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(octets, octets, (one, two) => {
        const [first] = read(general(0x87, one)) ?? [];
        const [second] = read(general(0x87, two)) ?? [];
        assert.ok(first !== undefined && isIPv6(first.value));
        assert.equal(first.value === second?.value, Buffer.from(one).equals(two));
      }),
    );
  });
});
