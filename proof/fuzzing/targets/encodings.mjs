// Reads small texts: base64, PEM, DER frames, thumbprints, instants, SPIFFE IDs and addresses. Node.js's own reading of
// some of them serves for comparison.
import { decodeBase64, decodePem, decodePemBundle, findSpiffeId } from '@certgate/x509';
import { findInstant, findOuterFrameFault, findThumbprint } from '@certgate/x509/internal';
import { parseTrustAddress, showTrustAddress } from '@certgate/core/internal';
import { assert, certificates, inTime } from '../oracles.mjs';

export const maximumLength = 3000;
export const dictionary = [
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
  'spiffe://',
  'https://',
  'file:',
  'T00:00:00Z',
  '==',
  '.blob.core.windows.net/',
];

export const seeds = () => [
  ...[certificates[0], certificates[0].subarray(0, 40), Buffer.from([0x30, 0x80, 0, 0])],
  ...[
    certificates[1].toString('base64'),
    `-----BEGIN CERTIFICATE-----\n${certificates[2].toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`.repeat(
      2,
    ),
    'spiffe://corp.example/ns/a/sa/b',
    '2027-02-28T23:59:59.999Z',
    '2028-02-29T00:00:00+01:00',
    `${'0a:'.repeat(31)}0A`,
    '\u200e8F 43 1C 07 32 2A 3B 5A DF CB CE 8C 35 65 AA 1A 6E B0 AC 63',
    'https://account.blob.core.windows.net/trust/trust.json',
    'https://trust.example/trust.json?sv=2025&sig=abc',
    'file:./trust.json',
  ].map((text) => Buffer.from(text)),
];

export function fuzz(data) {
  const text = data.toString('utf8');
  inTime(data.length, () => {
    checkBase64(text);
    checkPem(text);
    checkFrame(data);
    checkThumbprint(text);
    checkInstant(text);
    checkSpiffeId(text);
    checkAddress(text);
  });
}

function checkBase64(text) {
  const decoding = decodeBase64(text);
  const theirs = Buffer.from(text, 'base64');
  assert.equal(decoding.ok, text !== '' && theirs.toString('base64') === text);
  if (decoding.ok) assert.ok(theirs.equals(decoding.bytes));
}

function checkPem(text) {
  const one = decodePem(text, 'CERTIFICATE');
  const bundle = decodePemBundle(text, 'CERTIFICATE');
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)].map(([, body]) =>
    Buffer.from(body, 'base64').toString('hex'),
  );
  const hexOf = (bytes) => Buffer.from(bytes).toString('hex');
  if (one.ok) assert.deepEqual([hexOf(one.bytes)], blocks);
  if (bundle.ok) assert.deepEqual(bundle.blocks.map(hexOf), blocks);
}

function checkFrame(data) {
  if (findOuterFrameFault(data) !== undefined) return;
  const octets = data[1] < 0x80 ? 0 : data[1] & 0x7f;
  const length = octets === 0 ? data[1] : data.readUIntBE(2, octets);
  assert.ok(data[0] === 0x30 && data.length === 2 + octets + length);
}

function checkThumbprint(text) {
  for (const [algorithm, digits] of [
    ['sha256', 64],
    ['sha1', 40],
  ]) {
    const found = findThumbprint(text, algorithm);
    if (found === undefined) continue;
    assert.match(found, /^[0-9A-F]+$/);
    assert.equal(found.length, digits);
    assert.equal(text.replace(/[^0-9A-Fa-f]/g, '').toUpperCase(), found);
  }
}

function checkInstant(text) {
  const found = findInstant(text);
  if (found !== undefined) assert.equal(found, Date.parse(text));
}

function checkSpiffeId(text) {
  const found = findSpiffeId(text);
  if (found === undefined) return;
  assert.match(text, /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]+)*$/);
  // A trust domain may contain dots, but a segment of the path must not be one or two dots (SPIFFE-ID §2.2).
  assert.doesNotMatch(text.replace(/^spiffe:\/\/[^/]*/, ''), /\/\.{1,2}(?:\/|$)/);
}

function checkAddress(text) {
  const address = parseTrustAddress(text);
  if (address.kind === 'refused') return;
  const shown = showTrustAddress(address);
  assert.doesNotMatch(shown, /[\p{Cc}]/u);
}
