import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import type { KeyKind } from '../test-support/certificates.js';
import { encodeElement, encodeTree, getNode, parseTree } from '../test-support/der-editing.js';
import { makeChain } from '../test-support/signed-chain.js';
import { listSignatureTwins } from './signature-twins.js';

/** Whether node:crypto verifies the certificate's signature. */
function isGenuine(der: Uint8Array, key: KeyKind): boolean {
  return new X509Certificate(der).verify(new X509Certificate(makeChain(key).authority.der).publicKey);
}

describe('signature twins', () => {
  for (const key of ['p-256', 'p-384', 'p-521'] as const) {
    it(`of a signature by ${key} are one certificate, which is equally valid`, () => {
      const { leaf } = makeChain(key);
      const [twin, ...others] = listSignatureTwins(leaf.der);
      assert.ok(twin !== undefined && others.length === 0);
      assert.ok(isGenuine(twin, key));
      assert.notDeepEqual(Buffer.from(twin), leaf.der);
      assert.deepEqual(
        listSignatureTwins(twin).map((back) => Buffer.from(back)),
        [leaf.der],
      );
    });
  }

  it('do not exist for signatures by RSA or Ed25519, nor for bytes that are not a certificate', () => {
    for (const key of ['rsa-2048', 'ed25519'] as const)
      assert.deepEqual(listSignatureTwins(makeChain(key).leaf.der), []);
    for (const hex of ['', '30', '3000', '30053003020100'])
      assert.deepEqual(listSignatureTwins(Buffer.from(hex, 'hex')), []);
  });

  it('do not exist for a signature that is not DER, which OpenSSL does not verify either', () => {
    const { leaf } = makeChain('p-256');
    const tree = parseTree(leaf.der);
    const bits = getNode(tree, 2);
    const [r, s] = (parseTree(bits.content.subarray(1)).children ?? []).map(({ content }) => content);
    assert.ok(r !== undefined && s !== undefined);
    const zero = Buffer.alloc(1);
    const pad = (content: Buffer): Buffer => Buffer.concat([zero, zero, content]);
    const negate = (content: Buffer): Buffer => Buffer.concat([Buffer.from([0x80]), content]);
    for (const odd of [
      [r, pad(s)],
      [pad(r), s],
      [r, negate(s)],
      [negate(r), s],
      [r, zero],
      [zero, s],
      [r, s, s],
      [r],
    ]) {
      const pair = encodeElement(0x30, ...odd.map((content) => encodeElement(0x02, content)));
      bits.content = Buffer.concat([zero, pair]);
      const der = encodeTree(tree);
      assert.deepEqual(listSignatureTwins(der), []);
      assert.equal(isGenuine(der, 'p-256'), false);
    }
  });
});

/** SP 800-186 §3.2.1, the smallest first. */
const orders = [
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  BigInt(`0x1${'f'.repeat(65)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
];

describe('the numbers of a twin', () => {
  const tree = parseTree(makeChain('p-256').leaf.der);
  const bits = getNode(tree, 2);

  /** The content of an INTEGER. */
  function encode(value: bigint): Buffer {
    const hex = value.toString(16);
    const content = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    return (content[0] ?? 0) < 0x80 ? content : Buffer.concat([Buffer.alloc(1), content]);
  }

  function findTwin(numbers: readonly bigint[]): readonly Buffer[] | undefined {
    const pair = numbers.map((value) => encodeElement(0x02, encode(value)));
    bits.content = Buffer.concat([Buffer.alloc(1), encodeElement(0x30, ...pair)]);
    const [twin] = listSignatureTwins(encodeTree(tree));
    const found = twin && getNode(parseTree(Buffer.from(twin)), 2).content.subarray(1);
    return found && (parseTree(found).children ?? []).map(({ content }) => content);
  }

  const long = (1n << 600n) + 5n;
  const values = [long, 1n << 4000n].concat(
    orders.flatMap((order) => [
      ...[1n, 0x7fn, 0x80n, 0xffn, 0x100n, order >> 1n, order >> 64n, order & 0xffffn, order & 0xffffffffffn],
      ...[order - 1n, order - 0x7fn, order - 0x80n, order - 0xffn, order - (0x80n << 64n), order, order + 1n],
    ]),
  );
  for (const r of [1n, long, ...orders.flatMap((order) => [order - 1n, order])]) {
    it(`are r and the shortest form of n − s, for r = ${r.toString(16)}`, () => {
      for (const s of values) {
        const order = orders.find((each) => r < each && s < each);
        const expected = order === undefined ? undefined : [encode(r), encode(order - s)];
        assert.deepEqual(findTwin([r, s]), expected, s.toString(16));
      }
    });
  }
});
