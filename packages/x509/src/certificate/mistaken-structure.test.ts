import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeElement } from '../test-support/der-editing.js';
import { integer, name, octetString, sequence, set, tagged } from '../test-support/der-writing.js';
import { findMistakenStructure } from './client-certificate.js';

const empty = sequence();
const request = 'it is a certificate signing request, not a certificate';
const key = 'it is a private key, not a certificate; treat the key as disclosed and replace it';
const signed = (...fields: readonly Uint8Array[]): Buffer => sequence(sequence(...fields), empty, empty);

for (const [what, bytes, expected] of [
  ['a private key', sequence(integer(0), empty, octetString(Buffer.alloc(9))), key],
  ['a PFX', sequence(integer(3), empty), key],
  ['an RSA public key', sequence(encodeElement(0x02, Buffer.alloc(129, 1)), integer(0x010001)), undefined],
  ['a signing request', signed(integer(0), name('client'), empty), request],
  ['a signing request without a subject', signed(integer(0), empty, empty), request],
  ['a certificate of version 3', signed(tagged(0, integer(2)), integer(0), name('client')), undefined],
  ['a certificate of version 1', signed(integer(0), sequence(encodeElement(0x06, Buffer.from([42])))), undefined],
  ['one with another number', signed(integer(1), name('client')), undefined],
  ['one with a number of two octets', signed(integer(0x81), name('client')), undefined],
  ['one with a long number', signed(integer(0x0100), name('client')), undefined],
  ['one without a name', signed(integer(0)), undefined],
  ['one with a set in the place of the name', signed(integer(0), set(empty)), undefined],
  ['a number that is not in DER', signed(encodeElement(0x02), name('client')), undefined],
  ['more bytes behind a request', Buffer.concat([signed(integer(0), name('client')), Buffer.alloc(1)]), undefined],
  ['an empty sequence', empty, undefined],
  ['a sequence of a sequence without content', sequence(sequence()), undefined],
  ['a text', Buffer.from('-----BEGIN'), undefined],
  ['nothing', Buffer.alloc(0), undefined],
] as const) {
  test(`${what} is ${expected === undefined ? 'nothing that is known' : 'recognized'}`, () => {
    assert.equal(findMistakenStructure(bytes), expected);
  });
}
