import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { encodeElement } from '@certgate/x509/test-support/der-editing.js';
import { dersOf, getCandidateStage } from '../test-support/candidate-stage.js';
import { type CandidateSource, maximumCandidateBytes, maximumCandidates } from './candidate-certificate.js';
import { presentCertificate, type PresentedCertificate } from './certificate-header.js';

const { root, upper, lower, leaf } = getCandidateStage();
const present = (candidates?: CandidateSource): PresentedCertificate => presentCertificate(leaf.der, candidates);
const listDers = ({ candidates }: PresentedCertificate): readonly Uint8Array[] =>
  candidates.certificates.map(({ der }) => der);
/** Makes a SEQUENCE of `length` bytes, header included, for a length from 260 to 65,539. */
const sequenceOf = (length: number): Buffer => encodeElement(0x30, randomBytes(length - 4));

describe("the list of certificates that came with the caller's", () => {
  test('is empty if the front end forwards nothing, and is then always the same object', () => {
    assert.equal(present().candidates, presentCertificate(root.der).candidates);
    assert.deepEqual(present([]).candidates, { certificates: [], fault: undefined });
  });

  test('has each certificate once, in its order, without the leaf', () => {
    const presented = present(dersOf(leaf, lower, upper, lower, leaf));
    assert.deepEqual(listDers(presented), dersOf(lower, upper));
    const [first] = presented.candidates.certificates;
    assert.ok(first?.pathDecoding.ok);
    assert.deepEqual(first.subject, lower.certificate.subject);
    assert.deepEqual(first.issuer, lower.certificate.issuer);
    assert.equal(first.pathDecoding.value.thumbprintSha256, lower.certificate.thumbprintSha256);
  });

  test('is read when it is first asked for, and only once', () => {
    let count = 0;
    const presented = present(() => {
      count += 1;
      return { outcome: 'read', ders: dersOf(lower) };
    });
    assert.equal(count, 0);
    assert.equal(presented.candidates, presented.candidates);
    assert.equal(count, 1);
    const unread = present(() => ({ outcome: 'unread', detail: 'The chain is not PEM.' }));
    assert.deepEqual(unread.candidates, { certificates: [], fault: 'The chain is not PEM.' });
  });

  test('has at most eight certificates besides the leaf, and is empty if there are more', () => {
    const many = Array.from({ length: maximumCandidates + 1 }, () => sequenceOf(64));
    const eight = present([...many.slice(1), leaf.der]);
    assert.equal(listDers(eight).length, maximumCandidates);
    for (const nine of [many, [leaf.der, ...many]]) {
      const { candidates } = present(nine);
      assert.deepEqual(candidates.certificates, []);
      assert.match(candidates.fault ?? '', /^(9|10) certificates came with it; with more than 8, none is looked at\.$/);
    }
  });

  test('has at most 16 KiB, and is empty if there is more', () => {
    assert.equal(maximumCandidateBytes, 16_384);
    assert.equal(listDers(present([sequenceOf(maximumCandidateBytes)])).length, 1);
    const { candidates } = present([...dersOf(lower), sequenceOf(maximumCandidateBytes)]);
    assert.deepEqual(candidates.certificates, []);
    assert.match(candidates.fault ?? '', /have \d+ bytes; with more than 16384, none is looked at\.$/);
  });

  test('leaves out what is not one DER SEQUENCE, and says so', () => {
    const odd = [
      Buffer.alloc(0),
      Buffer.from('3003', 'hex'),
      Buffer.concat(dersOf(upper, upper)),
      Buffer.from('0500', 'hex'),
    ];
    const presented = present([...odd, lower.der]);
    assert.deepEqual(listDers(presented), dersOf(lower));
    assert.equal(presented.candidates.fault, 'Of what came with it, 4 can’t be read: not one DER SEQUENCE each.');
    const [empty] = present([Buffer.from('3000', 'hex')]).candidates.certificates;
    assert.deepEqual([empty?.subject, empty?.issuer, empty?.pathDecoding.ok], [undefined, undefined, false]);
  });

  test('decodes the same bytes only once, so that what was verified is remembered', () => {
    const decode = (): unknown => {
      const [first] = present([Buffer.from(lower.der)]).candidates.certificates;
      return first?.pathDecoding;
    };
    const before = decode();
    for (let round = 0; round < 200; round += 1) {
      const [other] = present([sequenceOf(64)]).candidates.certificates;
      assert.equal(other?.pathDecoding.ok, false);
      assert.equal(decode(), before);
    }
  });
});
