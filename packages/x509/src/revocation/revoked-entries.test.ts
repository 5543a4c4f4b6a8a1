import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanonicalName } from '../certificate/distinguished-name.js';
import { readDer } from '../encoding/der.js';
import { extension } from '../test-support/certificate-writing.js';
import { encodeElement } from '../test-support/der-editing.js';
import { integer, name, sequence, tagged, time } from '../test-support/der-writing.js';
import { RevokedEntries } from './revoked-entries.js';

const june = Date.UTC(2026, 5, 1);
const named = (commonName: string): CanonicalName => {
  const text = `2.5.4.3=${commonName.length}:${commonName}`;
  return { relativeNames: [text], key: text };
};
const issuer = named('issuer');
const reason = (code: number): Buffer => extension('2.5.29.21', false, encodeElement(0x0a, Buffer.from([code])));
const issuers = (...names: readonly string[]): Buffer =>
  extension('2.5.29.29', true, sequence(...names.map((each) => tagged(4, name(each)))));
const unknown = (type: string, length = 0): Buffer => extension(type, true, Buffer.alloc(length));
const entry = (serialNumber: number, ...extensions: readonly Buffer[]): Buffer =>
  sequence(integer(serialNumber), time(june), ...(extensions.length === 0 ? [] : [sequence(...extensions)]));

/** Indexes the entries, and counts how often that paused. */
function index(...entries: readonly Uint8Array[]): { readonly entries: RevokedEntries; readonly stops: number } {
  const revoked = new RevokedEntries(Buffer.concat(entries), issuer);
  let stops = 0;
  const decoding = readDer(() => {
    const steps = revoked.index();
    while (steps.next().done !== true) stops += 1;
  });
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  return { entries: revoked, stops };
}

function faultOf(...entries: readonly Uint8Array[]): string {
  const revoked = new RevokedEntries(Buffer.concat(entries), issuer);
  const decoding = readDer(() => [...revoked.index()]);
  return decoding.ok ? 'none' : decoding.fault;
}

describe('the entries of a list', () => {
  it('are found by issuer and serial number', () => {
    const { entries } = index(entry(1), entry(2, reason(1)), entry(1, reason(6)));
    const of = (serialNumber: string, of = issuer): readonly string[] =>
      entries.find(serialNumber, of).map((each) => each.reason);
    assert.deepEqual([...of('01')].sort(), ['certificateHold', 'unspecified']);
    assert.deepEqual(of('02'), ['keyCompromise']);
    assert.deepEqual(of('03'), []);
    assert.deepEqual(of('02', named('other')), []);
    assert.equal(entries.count, 3);
    assert.deepEqual(entries.find('02', issuer)[0]?.revokedAt, june);
  });

  it('belong to another issuer from the entry that names it, until another entry does', () => {
    const { entries } = index(
      entry(1),
      entry(1, issuers('a', 'b')),
      entry(2),
      entry(3, issuers('c')),
      entry(4, issuers('b', 'a')),
      entry(5, issuers('a', 'b')),
      entry(6, issuers('issuer')),
    );
    const serialNumbers = ['01', '02', '03', '04', '05', '06'];
    const listOf = (commonName: string): string =>
      serialNumbers.filter((each) => entries.find(each, named(commonName)).length > 0).join();
    assert.equal(listOf('issuer'), '01,06');
    assert.equal(listOf('a'), '01,02,04,05');
    assert.equal(listOf('b'), '01,02,04,05');
    assert.equal(listOf('c'), '03');
    assert.equal(listOf('d'), '');
    assert.ok(entries.hasCertificateIssuers);
    // The same issuers again make one group, and each of its entries is found once.
    assert.equal(entries.find('05', named('a')).length, 1);
  });

  it('say what they have', () => {
    const plain = index(entry(1)).entries;
    assert.deepEqual([plain.hasExtensions, plain.hasCertificateIssuers], [false, false]);
    assert.deepEqual(plain.unknownCriticalExtensions, []);
    const { entries } = index(
      entry(1, reason(1)),
      entry(2, unknown('1.2.3'), unknown('1.2.4')),
      entry(3, unknown('1.2.3')),
    );
    assert.deepEqual([entries.hasExtensions, entries.hasCertificateIssuers], [true, false]);
    assert.deepEqual(entries.unknownCriticalExtensions, ['1.2.3', '1.2.4']);
  });

  it('are listed in their order, up to the requested number', () => {
    const { entries } = index(entry(0x0a), entry(0x1234, reason(1)), entry(3));
    const all = [
      { serialNumber: '0A', revokedAt: june, reason: 'unspecified' },
      { serialNumber: '1234', revokedAt: june, reason: 'keyCompromise' },
      { serialNumber: '03', revokedAt: june, reason: 'unspecified' },
    ];
    for (const count of [0, 1, 2, 3, 4]) assert.deepEqual(entries.list(count), all.slice(0, count));
  });

  it('are found among many, whatever their extensions', () => {
    const count = 700;
    // Blocks of extensions that are cached, more of them than the cache keeps, and one that is too long for it.
    const extended = (serialNumber: number): Buffer =>
      entry(serialNumber, reason(serialNumber % 7 === 0 ? 1 : 4), unknown(`1.2.${serialNumber}`));
    const long = entry(count, reason(6), unknown('1.3', 40));
    const { entries } = index(...Array.from({ length: count }, (_, number) => extended(number)), long);
    for (let number = 0; number <= count; number += 1) {
      const [found, more] = entries.find(integer(number).subarray(2).toString('hex'), issuer);
      const expected = number === count ? 'certificateHold' : number % 7 === 0 ? 'keyCompromise' : 'superseded';
      assert.deepEqual([found?.reason, more], [expected, undefined]);
    }
    assert.equal(entries.unknownCriticalExtensions.length, count + 1);
  });

  it('are read in steps of 64 entries, or of one long entry', () => {
    const many = (count: number): readonly Buffer[] => Array.from({ length: count }, (_, number) => entry(number));
    for (const [count, stops] of [
      [0, 0],
      [63, 0],
      [64, 1],
      [127, 1],
      [128, 2],
    ] as const)
      assert.equal(index(...many(count)).stops, stops, String(count));
    const sized = (length: number): Buffer => {
      const shorter = entry(1, unknown('1.2.3', 200));
      return entry(1, unknown('1.2.3', 200 + length - shorter.length));
    };
    for (const length of [256, 257]) assert.equal(sized(length).length, length);
    assert.equal(index(sized(256)).stops, 0);
    assert.equal(index(sized(257)).stops, 1);
  });

  it('are limited in extensions, issuers and repeated serial numbers', () => {
    const sized = (length: number): Buffer => entry(1, unknown('1.2.3', length - 19));
    const extensionsOf = (encoded: Buffer): number => encoded.length - 4 - 3 - 15;
    const [most, more] = [sized(4096), sized(4097)];
    assert.deepEqual([extensionsOf(most), extensionsOf(more)], [4096, 4097]);
    assert.equal(faultOf(most), 'none');
    assert.match(faultOf(more), /more than 4096 bytes of extensions in one entry/);
    const groups = (count: number): readonly Buffer[] =>
      Array.from({ length: count }, (_, number) => entry(number, issuers(`ca ${number}`)));
    assert.equal(faultOf(...groups(1023)), 'none');
    assert.match(faultOf(...groups(1024)), /certificates of more than 1024 issuers/);
    const same = (count: number): readonly Buffer[] => Array.from({ length: count }, () => entry(1));
    assert.equal(faultOf(...same(1025)), 'none');
    assert.match(faultOf(...same(1026)), /one serial number far too often/);
    const distinct = Array.from({ length: 1026 }, (_, number) => entry(number));
    assert.equal(faultOf(...distinct), 'none');
  });

  it('are refused if one is invalid, even if the next one has the octets that it lacks', () => {
    const serial = integer(1);
    const entryOf = (...content: readonly Uint8Array[]): Buffer => sequence(Buffer.concat(content));
    for (const [broken, fault] of [
      [entryOf(serial), /bad element header at offset 3/],
      [entryOf(serial, Buffer.from([0x17])), /bad element header at offset 3/],
      [entryOf(serial, Buffer.from([0x17, 13])), /reaches past its parent/],
      [entryOf(serial, time(june), Buffer.from([0x30])), /bad element header at offset 18/],
      [entryOf(serial, time(june), Buffer.from([0x30, 1])), /reaches past its parent/],
      [entryOf(serial, time(june), Buffer.from([5, 0])), /trailing bytes inside an element/],
      [entryOf(serial, time(june), sequence(reason(1)), sequence(reason(1))), /trailing bytes inside an element/],
      [entryOf(integer(1), integer(1)), /not in the form RFC 5280 requires/],
      [entryOf(Buffer.from([2, 0]), time(june)), /an INTEGER without content/],
      [entryOf(Buffer.from([2, 2, 0, 1]), time(june)), /an INTEGER that is not minimal/],
      [entryOf(Buffer.from([4, 1, 1]), time(june)), /tag 0x4 where 0x2 belongs/],
      [encodeElement(0x31, serial, time(june)), /tag 0x31 where 0x30 belongs/],
    ] as const)
      assert.match(faultOf(broken, entry(2)), fault);
    assert.match(faultOf(entry(2), Buffer.from([0x30])), /bad element header at offset 20/);
    assert.match(faultOf(entry(2), Buffer.from([0x30, 1])), /reaches past its parent/);
  });

  it('stay revoked if somebody overwrites their bytes', () => {
    const bytes = Buffer.concat([entry(1, reason(1))]);
    const entries = new RevokedEntries(bytes, issuer);
    readDer(() => [...entries.index()]);
    // This makes the time invalid.
    bytes[5] = 0x05;
    assert.deepEqual(entries.find('01', issuer), [{ revokedAt: 0, reason: 'unspecified' }]);
    assert.deepEqual(entries.list(5), []);
    bytes.fill(0xff);
    assert.deepEqual(entries.find('01', issuer), [{ revokedAt: 0, reason: 'unspecified' }]);
  });
});
