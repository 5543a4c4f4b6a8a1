import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CanonicalName,
  decodeCanonicalName,
  findCommonName,
  findIssuerName,
  findSubjectName,
  prepareText,
} from './distinguished-name.js';
import { decodeDistinguishedName } from './certificate.js';
import { decodeClientCertificate } from './client-certificate.js';
import { type DerDecoding, derTags, readDer, readSingle } from '../encoding/der.js';
import { makeCertificate } from '../test-support/certificates.js';
import {
  editCertificate,
  encodeElement,
  encodeTree,
  getNode,
  parseTree,
  tbsFields,
} from '../test-support/der-editing.js';
import { objectIdentifier, sequence, set, utf8String } from '../test-support/der-writing.js';

const attribute = (text: string): Buffer => sequence(objectIdentifier('2.5.4.3'), utf8String(text));
const decode = (...relativeNames: readonly Buffer[]): DerDecoding<CanonicalName> =>
  readDer(() => decodeCanonicalName(readSingle(sequence(...relativeNames), derTags.sequence)));
const faultOf = (decoding: DerDecoding<CanonicalName>): string => (decoding.ok ? '' : decoding.fault);

describe('canonical names', () => {
  it('are refused if they are longer than the limit, because folding them costs time', () => {
    const longest = Array.from({ length: 4096 / 16 }, () => set(attribute('abcde')));
    assert.equal(Buffer.concat(longest).length, 4096);
    assert.ok(decode(...longest).ok);
    assert.match(faultOf(decode(...longest, set(attribute('')))), /a name of more than 4096 octets/);
  });

  it('may have 512 characters beyond ASCII in one attribute, and as many ASCII characters as fit', () => {
    assert.ok(decode(set(attribute('é'.repeat(512)))).ok);
    assert.match(faultOf(decode(set(attribute('é'.repeat(513))))), /a name of more than 512 characters beyond ASCII/);
    assert.ok(decode(set(attribute('e'.repeat(4000)))).ok);
  });

  it('that cost the most to fold, from an unknown caller, are not folded', () => {
    const withIssuer = (text: string): Uint8Array => {
      const tree = parseTree(makeCertificate().der);
      getNode(tree, 0).children?.splice(tbsFields.issuer, 1, parseTree(sequence(set(attribute(text)))));
      return encodeTree(tree);
    };
    assert.equal(findIssuerName(withIssuer('\u0315\u0300'.repeat(2800))), undefined);
    assert.ok(findIssuerName(withIssuer('\u0315\u0300'.repeat(250))) !== undefined);
  });

  it('fold the characters that RFC 4518 folds', () => {
    const same = [
      'Corp  CA',
      ' corp ca ',
      'CORP\tCA',
      'co\u00adrp ca',
      '\uff23orp CA',
      'corp\u00a0ca',
      'corp\u200b ca',
    ];
    for (const text of same) assert.equal(prepareText(text), 'corp ca', JSON.stringify(text));
    assert.equal(prepareText('Straße'), prepareText('STRASSE'));
    assert.equal(prepareText('ΣΑΣ'), prepareText('σας'));
    assert.notEqual(prepareText('corpca'), 'corp ca');
    // A Cyrillic letter that looks like the Latin one.
    assert.notEqual(prepareText('\u0441orp ca'), 'corp ca');
  });

  it('differ if their parts read alike only when run together', () => {
    const key = (decoding: DerDecoding<CanonicalName>): string => (decoding.ok ? decoding.value.key : assert.fail());
    const one = (text: string): string => key(decode(set(attribute(text))));
    assert.notEqual(key(decode(set(attribute('a')), set(attribute('b')))), one('a/2.5.4.3=1:b'));
    assert.notEqual(key(decode(set(attribute('a'), attribute('b')))), one('a+2.5.4.3=1:b'));
    assert.notEqual(
      key(decode(set(attribute('a'), attribute('b')))),
      key(decode(set(attribute('a')), set(attribute('b')))),
    );
    assert.equal(key(decode(set(attribute('b'), attribute('a')))), key(decode(set(attribute('a'), attribute('b')))));
    // An INTEGER, and a text that is the INTEGER's DER in hexadecimal.
    const number = sequence(objectIdentifier('2.5.4.3'), encodeElement(0x02, Buffer.from([5])));
    assert.notEqual(key(decode(set(number))), one('#020105'));
  });
});

describe('texts', () => {
  for (const [text, expected] of [
    ['A  b ', 'a b'],
    ['\u{fb00}', 'ff'],
    ['\u00df', 'ss'],
    ['\u0391\u03a3', '\u03b1\u03c3'],
    ['\u03c2', '\u03c3'],
    ['\u00c9', '\u00e9'],
    ['e\u0301', '\u00e9'],
    ['\u00a0\u3000\u00e9', '\u00e9'],
    ['\u00e9\u200b\u00ad', '\u00e9'],
    ['\u{212a}', 'k'],
  ] as const) {
    it(`${JSON.stringify(text)} compares as ${JSON.stringify(expected)}`, () => {
      assert.equal(prepareText(text), expected);
    });
  }
});

describe('the common name', () => {
  const of = (type: string, text: string): Buffer => set(sequence(objectIdentifier(type), utf8String(text)));
  it('is the last one in the name, whatever attributes follow it', () => {
    const name = sequence(of('2.5.4.3', 'first'), of('2.5.4.3', 'last'), of('2.5.4.11', 'unit'));
    const decoding = readDer(() => decodeDistinguishedName(readSingle(name, derTags.sequence)));
    assert.equal(decoding.ok && findCommonName(decoding.value), 'last');
  });
});

describe('the names of a certificate', () => {
  const { der } = makeCertificate({ name: ['CN = client'] });

  it('are found without decoding the rest', () => {
    const expected = '2.5.4.3=6:client';
    assert.equal(findIssuerName(der)?.key, expected);
    assert.equal(findSubjectName(der)?.key, expected);
    const other = editCertificate(der, (certificate) => {
      getNode(certificate, 0, tbsFields.issuer, 0, 0, 1).content = Buffer.from('Root');
    });
    assert.equal(findIssuerName(other)?.key, '2.5.4.3=4:root');
    assert.equal(findSubjectName(other)?.key, expected);
    const decoding = decodeClientCertificate(other);
    assert.ok(decoding.ok);
    const { issuerName, subjectName } = decoding.certificate;
    assert.deepEqual([findCommonName(issuerName), findCommonName(subjectName)], ['Root', 'client']);
  });

  it('are not found in other bytes', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('3000', 'hex'), der.subarray(0, -1)]) {
      assert.equal(findIssuerName(bytes), undefined);
      assert.equal(findSubjectName(bytes), undefined);
    }
  });
});
