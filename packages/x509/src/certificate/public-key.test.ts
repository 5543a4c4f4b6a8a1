import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type KeyKind, makeCertificate } from '../test-support/certificates.js';
import { editCertificate, encodeTree, getNode, parseTree, tbsFields } from '../test-support/der-editing.js';
import { countRuns } from '../test-support/random-runs.js';
import { findCertificationPath } from '../certification-path/certification-path.js';
import { askAbout, newName, write, writeAuthority } from '../test-support/written-path.js';
import { clientExtensions } from '../test-support/extension-writing.js';
import { decodeClientCertificate } from './client-certificate.js';
import { decodePathCertificate } from './path-certificate.js';

/** The certificate with another `subjectPublicKey`. */
const withKey = (der: Buffer, key: Uint8Array): Buffer =>
  editCertificate(der, (certificate) => {
    getNode(certificate, 0, tbsFields.key, 1).content = Buffer.concat([Buffer.from([0]), key]);
  });
const keyOf = (der: Buffer): Buffer => getNode(parseTree(der), 0, tbsFields.key, 1).content.subarray(1);
const infoOf = (der: Buffer): Buffer => encodeTree(getNode(parseTree(der), 0, tbsFields.key));

/** Asks both decoders, which must agree. */
function faultOf(der: Buffer): string | undefined {
  const [path, client] = [decodePathCertificate(der), decodeClientCertificate(der)];
  const faults = [path, client].map((decoding) => (decoding.ok ? undefined : decoding.fault));
  assert.equal(faults[0], faults[1]);
  return faults[0];
}

const compress = (point: Buffer): Buffer => {
  const octets = (point.length - 1) / 2;
  return Buffer.concat([Buffer.from([2 + ((point.at(-1) ?? 0) & 1)]), point.subarray(1, 1 + octets)]);
};
const noPoint = /not a point of its curve/;

describe('EC keys', () => {
  for (const [kind, octets, prime] of [
    ['p-256', 32, 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'],
    ['p-384', 48, `${'f'.repeat(63)}effffffff0000000000000000ffffffff`],
    ['p-521', 66, `01${'ff'.repeat(65)}`],
  ] as const) {
    const { der } = makeCertificate({ key: kind });
    const point = keyOf(der);

    it(`${kind}: are points of the curve, uncompressed or compressed`, () => {
      assert.equal(point.length, 1 + 2 * octets);
      assert.equal(faultOf(der), undefined);
      assert.equal(faultOf(withKey(der, compress(point))), undefined);
    });

    it(`${kind}: are not the point at infinity, a point off the curve, or one of another form or length`, () => {
      const off = Buffer.from(point);
      off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
      const hybrid = Buffer.concat([Buffer.from([6 + ((point.at(-1) ?? 0) & 1)]), point.subarray(1)]);
      // The x coordinate is the prime itself. x and y must be below the prime.
      const tall = Buffer.concat([Buffer.from([4]), Buffer.from(prime, 'hex'), point.subarray(1 + octets)]);
      const bad = [
        Buffer.from([0]),
        Buffer.alloc(0),
        Buffer.concat([Buffer.from([4]), Buffer.alloc(2 * octets)]),
        Buffer.concat([Buffer.from([0]), point.subarray(1)]),
        off,
        hybrid,
        tall,
        point.subarray(0, -1),
        Buffer.concat([point, Buffer.alloc(1)]),
        // The same coordinates, with a zero octet before the second.
        Buffer.concat([point.subarray(0, 1 + octets), Buffer.alloc(1), point.subarray(1 + octets)]),
        compress(point).subarray(0, -1),
        Buffer.concat([Buffer.from([2]), Buffer.alloc(octets, 0xff)]),
      ];
      for (const key of bad) assert.match(faultOf(withKey(der, key)) ?? 'accepted', noPoint, key.toString('hex'));
    });

    it(`${kind}: are refused and accepted like OpenSSL does, whatever the octets`, () => {
      const octet = fc.integer({ min: 0, max: 255 });
      const change = fc.tuple(fc.nat({ max: 2 * octets }), octet);
      const property = fc.property(fc.constantFrom(point, compress(point)), change, (key, [position, value]) => {
        const changed = Buffer.from(key);
        changed[position % key.length] = value;
        // OpenSSL accepts hybrid points, which RFC 5480 §2.2 forbids.
        const isHybrid = changed[0] === 6 || changed[0] === 7;
        const edited = withKey(der, changed);
        assert.equal(faultOf(edited) === undefined, !isHybrid && isReadByOpenssl(infoOf(edited)));
      });
      fc.assert(property, { numRuns: countRuns(50) });
    });
  }

  it('p-521: have both coordinates below the prime, although larger numbers would fit', () => {
    const { der } = makeCertificate({ key: 'p-521' });
    const prime = 2n ** 521n - 1n;
    const b = BigInt(
      '0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00',
    );
    const [x, y] = [keyOf(der).subarray(1, 67), keyOf(der).subarray(67)].map((each) =>
      BigInt(`0x${each.toString('hex')}`),
    );
    assert.ok(x !== undefined && y !== undefined);
    const write = (...coordinates: readonly bigint[]): Buffer =>
      Buffer.from(`04${coordinates.map((each) => each.toString(16).padStart(132, '0')).join('')}`, 'hex');
    assert.equal(faultOf(withKey(der, write(x, y))), undefined);
    // Finds the point whose x is 0, if there is one.
    const root = power(b, (prime + 1n) / 4n, prime);
    assert.equal((root * root) % prime, b);
    assert.equal(faultOf(withKey(der, write(0n, root))), undefined);
    for (const key of [write(x + prime, y), write(x, y + prime), write(x + prime, y + prime), write(prime, root)])
      assert.match(faultOf(withKey(der, key)) ?? 'accepted', noPoint);
  });

  it('of other curves need one of the two forms; in the rfc5280 profile, OpenSSL checks that they are on the curve', () => {
    const { der } = makeCertificate({ key: 'secp256k1' });
    assert.equal(faultOf(der), undefined);
    for (const key of [Buffer.from([0]), Buffer.concat([Buffer.from([6]), keyOf(der).subarray(1)])])
      assert.match(faultOf(withKey(der, key)) ?? 'accepted', noPoint);
    const off = Buffer.from(keyOf(der));
    off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
    const root = newName('Root');
    const verdictOf = (key: Buffer): string => {
      const publicKey = infoOf(withKey(der, key));
      const subject = { name: 'client', key: { ...newName('client').key, publicKey } };
      const target = write({ subject, issuer: root, extensions: clientExtensions(root.key) });
      const verdict = findCertificationPath({ ...askAbout(target, writeAuthority(root)), profile: 'rfc5280' });
      return verdict.outcome === 'valid' ? 'valid' : verdict.code;
    };
    assert.equal(verdictOf(keyOf(der)), 'valid');
    assert.equal(verdictOf(off), 'path_key_unsupported');
  });
});

describe('Edwards keys', () => {
  for (const [kind, octets] of [
    ['ed25519', 32],
    ['ed448', 57],
  ] as const satisfies readonly (readonly [KeyKind, number])[]) {
    it(`${kind}: have ${octets} octets`, () => {
      const { der } = makeCertificate({ key: kind });
      assert.equal(keyOf(der).length, octets);
      assert.equal(faultOf(der), undefined);
      for (const length of [0, octets - 1, octets + 1, 32 + 57 - octets])
        assert.match(faultOf(withKey(der, Buffer.alloc(length, 7))) ?? 'accepted', /Edwards key/);
    });
  }
});

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function isReadByOpenssl(info: Buffer): boolean {
  try {
    createPublicKey({ key: info, format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}
