import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeElement, encodeTree, getNode, parseTree } from '../test-support/der-editing.js';
import { name, sequence } from '../test-support/der-writing.js';
import { runOpenssl } from '../test-support/openssl.js';
import {
  editCrl,
  encodeCertificateIssuer,
  encodeEntry,
  encodeExtension,
  issue,
  makeCrl,
  readCrl,
  replaceEntries,
} from '../test-support/revocation.js';
import {
  decodeCertificateRevocationList,
  decodeRevocationListInSteps,
  maximumCrlLength,
} from './certificate-revocation-list.js';
import { decodeCrlFileInSlices, decodeCrlPemInSteps } from './crl-file.js';
import { RevokedEntries } from './revoked-entries.js';

const authority = issue({ name: 'authority' });
const other = issue({ name: 'other', key: 'p-384' });
const issuer = authority.certificate.subject;
const revoked = [
  { serialNumber: '0A' },
  { serialNumber: '0B', reason: 'keyCompromise' },
  { serialNumber: '7F00112233445566778899AABBCCDDEEFF001122', reason: 'certificateHold' },
];
const der = makeCrl({ authority, number: '0FFFFFFFFFFFFFFFFF', revoked });
const june = Date.UTC(2026, 5, 1);
const indirect = makeCrl({
  authority,
  extensions: ['issuingDistributionPoint = critical, @idp'],
  sections: ['[idp]', 'indirectCRL = TRUE'],
});

function findFault(bytes: Uint8Array): string {
  const decoding = decodeCertificateRevocationList(bytes);
  assert.equal(decoding.ok, false);
  return decoding.fault;
}

describe('certificate revocation list', () => {
  it('reads what openssl wrote', () => {
    const crl = readCrl(der);
    assert.equal(crl.issuer.key, issuer.key);
    assert.equal(crl.issuerText, authority.certificate.subjectText);
    assert.equal(crl.thisUpdate, Date.UTC(2027, 0, 1));
    assert.equal(crl.nextUpdate, Date.UTC(2027, 1, 1));
    assert.equal(crl.crlNumber, 0x0fffffffffffffffffn);
    assert.equal(crl.deltaBaseNumber, undefined);
    assert.equal(crl.issuingDistributionPoint, undefined);
    assert.equal(crl.authorityKeyIdentifier?.keyIdentifier, authority.certificate.subjectKeyIdentifier);
    assert.deepEqual(crl.unknownCriticalExtensions, []);
    assert.ok(Object.isFrozen(crl));
  });

  it('lists its first entries in their order, and all of them if there are no more', () => {
    const { entries } = readCrl(der);
    const listed = entries.list(100).map(({ serialNumber, reason }) => ({ serialNumber, reason }));
    assert.deepEqual(
      listed,
      revoked.map(({ serialNumber, reason = 'unspecified' }) => ({ serialNumber, reason })),
    );
    assert.deepEqual(entries.list(2), entries.list(100).slice(0, 2));
    assert.deepEqual(entries.list(100)[0]?.revokedAt, entries.find('0A', issuer)[0]?.revokedAt);
    assert.deepEqual(readCrl(makeCrl({ authority })).entries.list(100), []);
  });

  it('finds each entry by its serial number and its issuer', () => {
    const { entries } = readCrl(der);
    assert.equal(entries.count, 3);
    assert.deepEqual(entries.find('0A', issuer), [{ revokedAt: june, reason: 'unspecified' }]);
    assert.deepEqual(entries.find('0B', issuer), [{ revokedAt: june, reason: 'keyCompromise' }]);
    assert.deepEqual(entries.find(revoked[2]?.serialNumber ?? '', issuer), [
      { revokedAt: june, reason: 'certificateHold' },
    ]);
    assert.deepEqual(entries.find('0C', issuer), []);
    assert.deepEqual(entries.find('000A', issuer), []);
    assert.deepEqual(entries.find('0A', other.certificate.subject), []);
  });

  it("applies an entry's issuer to the entries that follow in an indirect list", () => {
    const entries = [
      encodeEntry('01'),
      encodeEntry('02', encodeCertificateIssuer(other)),
      encodeEntry('03'),
      encodeEntry('01'),
      encodeEntry('04', encodeCertificateIssuer(authority)),
    ];
    const list = readCrl(replaceEntries(indirect, entries, authority)).entries;
    const serials = ['01', '02', '03', '04'];
    const named = (name: typeof issuer): number[] => serials.map((serial) => list.find(serial, name).length);
    assert.deepEqual(named(issuer), [1, 0, 0, 1]);
    assert.deepEqual(named(other.certificate.subject), [1, 1, 1, 0]);
  });

  it('never takes an entry for one of another issuer, wherever it is in the table', () => {
    for (let serial = 0x10; serial < 0x60; serial += 1) {
      const hex = serial.toString(16);
      const bytes = Buffer.concat([encodeEntry(hex), encodeEntry('7f', encodeCertificateIssuer(other))]);
      const entries = new RevokedEntries(bytes, issuer);
      assert.equal([...entries.index()].length, 0);
      assert.equal(entries.find(hex, issuer).length, 1);
      assert.equal(entries.find(hex, other.certificate.subject).length, 0);
    }
  });

  it('gives every entry of a certificate that has several entries', () => {
    const hold = encodeExtension('551d15', false, Buffer.from('0a0106', 'hex'));
    const crl = readCrl(replaceEntries(der, [encodeEntry('05'), encodeEntry('05', hold)], authority));
    const reasons = crl.entries.find('05', issuer).map(({ reason }) => reason);
    assert.deepEqual(reasons.sort(), ['certificateHold', 'unspecified']);
  });

  it('lists unknown critical extensions, also those of entries', () => {
    const unknown = encodeExtension('2a0304', true, Buffer.from('0500', 'hex'));
    assert.deepEqual(readCrl(replaceEntries(der, [encodeEntry('05', unknown)], authority)).unknownCriticalExtensions, [
      '1.2.3.4',
    ]);
    const ofList = makeCrl({ authority, extensions: ['1.2.3.4 = critical, DER:0500', '1.2.3.5 = DER:0500'] });
    assert.deepEqual(readCrl(ofList).unknownCriticalExtensions, ['1.2.3.4']);
  });

  it('reads a list without entries, and one of version 1', () => {
    assert.equal(readCrl(makeCrl({ authority })).entries.count, 0);
    assert.equal(readCrl(replaceEntries(der, [], authority)).entries.count, 0);
    const tree = parseTree(der);
    const tbs = getNode(tree, 0);
    tbs.children = tbs.children?.slice(1, 5);
    assert.equal(readCrl(encodeTree(tree)).crlNumber, undefined);
  });

  it('refuses a list that is not strict DER', () => {
    assert.match(findFault(Buffer.concat([der, Buffer.from([0])])), /trailing/);
    assert.match(findFault(der.subarray(0, -1)), /past its parent/);
    assert.match(findFault(new Uint8Array()), /header/);
    assert.match(findFault(new Uint8Array(maximumCrlLength + 1)), /more than/);
    assert.match(findFault(replaceEntries(der, [encodeEntry('0001')], authority)), /not minimal/);
    assert.match(findFault(replaceEntries(der, [encodeElement(0x30)], authority)), /header/);
    const noReason = encodeExtension('551d15', false, Buffer.from('0a0107', 'hex'));
    assert.match(findFault(replaceEntries(der, [encodeEntry('01', noReason)], authority)), /reason/);
    const foreign = encodeEntry('01', encodeCertificateIssuer(other));
    assert.match(findFault(replaceEntries(der, [foreign], authority)), /not indirect/);
    const tree = parseTree(der);
    getNode(tree, 0).children?.shift();
    assert.match(findFault(encodeTree(tree)), /version 1/);
    const mixed = parseTree(der);
    getNode(mixed, 1, 0).content = Buffer.from('2a8648ce3d040303', 'hex');
    assert.match(findFault(encodeTree(mixed)), /two different/);
  });

  it('refuses scopes that contradict each other or are empty', () => {
    const scoped = (value: string): Buffer =>
      makeCrl({ authority, extensions: [`2.5.29.28 = critical, DER:${value}`] });
    assert.match(findFault(scoped('3000')), /says nothing/);
    assert.match(findFault(scoped('3003810100')), /default value/);
    assert.match(findFault(scoped('30068101ff8201ff')), /exclude each other/);
    assert.equal(readCrl(scoped('30038101ff')).issuingDistributionPoint?.onlyContainsUserCertificates, true);
  });

  it('refuses one serial number thousands of times, because that would take too long', () => {
    const entries = Array.from({ length: 5000 }, () => encodeEntry('05'));
    assert.match(findFault(replaceEntries(der, entries, authority)), /far too often/);
  });

  it('refuses extensions longer than any in use, because they are decoded before the signature is verified', () => {
    const big = (length: number): Buffer => encodeExtension('2a0304', false, Buffer.alloc(length));
    const withExtension = (length: number): Buffer =>
      editCrl(der, authority, (fields) => {
        getNode(fields.at(-1) ?? assert.fail(), 0).children?.push(parseTree(big(length)));
        return fields;
      });
    assert.ok(decodeCertificateRevocationList(withExtension(60_000)).ok);
    assert.match(findFault(withExtension(66_000)), /more than 65536 bytes of extensions/);
    const withEntry = (length: number): Buffer => replaceEntries(der, [encodeEntry('01', big(length))], authority);
    assert.ok(decodeCertificateRevocationList(withEntry(4000)).ok);
    assert.match(findFault(withEntry(4100)), /more than 4096 bytes of extensions in one entry/);
  });

  it('refuses the certificates of more than a thousand issuers', () => {
    const ofIssuers = (count: number): Buffer => {
      const entries = Array.from({ length: count }, (_, index) => {
        const names = sequence(encodeElement(0xa4, name(`issuer ${index}`)));
        return encodeEntry('01', encodeExtension('551d1d', true, names));
      });
      return replaceEntries(indirect, entries, authority);
    };
    // One of the issuers is the list's own.
    assert.ok(decodeCertificateRevocationList(ofIssuers(1023)).ok);
    assert.match(findFault(ofIssuers(1024)), /more than 1024 issuers/);
  });

  it('takes a step for each long entry', () => {
    const long = encodeExtension('2a0304', false, Buffer.alloc(300));
    const list = replaceEntries(
      der,
      ['01', '02', '03'].map((serial) => encodeEntry(serial, long)),
      authority,
    );
    assert.equal([...decodeRevocationListInSteps(list)].length, 3);
  });

  it('reads a long list in many short steps, with the same result', async () => {
    const entries = Array.from({ length: 20_000 }, (_, index) => encodeEntry((0x100000 + index).toString(16)));
    const long = replaceEntries(der, entries, authority);
    const steps = [...decodeRevocationListInSteps(long)];
    assert.ok(steps.length > 200);
    const decoding = await decodeCrlFileInSlices(long);
    assert.ok(decoding.ok);
    assert.equal(decoding.value.entries.count, 20_000);
    for (const serial of ['100000', '104e1f']) assert.equal(decoding.value.entries.find(serial, issuer).length, 1);
    for (const serial of ['0fffff', '104e20']) assert.equal(decoding.value.entries.find(serial, issuer).length, 0);
  });
});

describe('certificate revocation list in PEM', () => {
  const pem = runOpenssl(['crl', '-inform', 'der'], der).toString();
  const read = (text: string): string => {
    const steps = decodeCrlPemInSteps(text);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value.ok ? `${step.value.value.entries.count}` : step.value.fault;
    }
  };

  it('reads the one block, whatever text is around it', () => {
    assert.equal(read(pem), '3');
    assert.equal(read(pem.replaceAll('\n', '\r\n')), '3');
    assert.equal(read(`Certificate Revocation List\n${pem}\n`), '3');
  });

  it('reads a block that takes several steps', () => {
    const entries = Array.from({ length: 5000 }, (_, index) => encodeEntry((0x100000 + index).toString(16)));
    const long = runOpenssl(['crl', '-inform', 'der'], replaceEntries(der, entries, authority)).toString();
    assert.equal(read(long), '5000');
    assert.match(read(long.replace(/\n(?=[A-Za-z0-9+/]{64}\n)/, '=\n')), /base64/);
  });

  it('refuses no block, two blocks, and another kind of block', () => {
    assert.match(read(''), /no PEM block/);
    assert.match(read(pem + pem), /more than one/);
    assert.match(read(pem.replaceAll('X509 CRL', 'CERTIFICATE')), /no PEM block/);
    assert.match(read(pem.replace('-----END', '!\n-----END')), /no base64/);
    assert.match(read(pem.replace('\n-----END', '\nAAAA\n-----END')), /base64|trailing/);
  });
});
