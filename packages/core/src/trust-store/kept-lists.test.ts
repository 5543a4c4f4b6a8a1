import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { getStage } from '../test-support/authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { type CrlRequest, type MadeAuthority, makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import type { CertificateRevocationList } from '@certgate/x509/path';
import { findMissingNumber, KeptLists, type ListSigner } from './kept-lists.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const { root, issuing } = getStage();
const day = 86_400_000;
const list = (request: Partial<CrlRequest> = {}): CertificateRevocationList =>
  readCrl(makeCrl({ authority: issuing, ...request }));
const encodeNumber = (number: number): string => number.toString(16).padStart(2, '0');
const encodeDay = (dayOfMonth: number): string => `202701${String(dayOfMonth).padStart(2, '0')}000000Z`;
const ofDay = (dayOfMonth: number, number: number, more: Partial<CrlRequest> = {}): CertificateRevocationList =>
  list({ number: encodeNumber(number), lastUpdate: encodeDay(dayOfMonth), ...more });
/** A delta whose date is the day of January 2027 that its number names. */
const deltaOf = (base: number, number: number, more: Partial<CrlRequest> = {}): CertificateRevocationList =>
  ofDay(number, number, { extensions: [`2.5.29.27 = critical, DER:0201${encodeNumber(base)}`], ...more });

const tenth = ofDay(10, 10);
const eleventh = ofDay(11, 11);
const at = (dayOfMonth: number): number => now + (dayOfMonth - 1) * day;

const signedBy = (authority: MadeAuthority, isValid = true): ListSigner => ({
  publicKey: authority.certificate.verificationKey.subjectPublicKeyInfo,
  isValid,
});

/** Adds lists of `issuing`, one after the other on the same day. */
function add(kept: KeptLists, dayOfMonth: number, ...lists: readonly CertificateRevocationList[]): KeptLists {
  return lists.reduce((before, crl) => before.add(crl, signedBy(issuing), at(dayOfMonth), []).kept, kept);
}

/** Adds a list that must not replace one in use, so that the lists in use stay as they are. Returns the fault. */
function addExtra(
  kept: KeptLists,
  dayOfMonth: number,
  crl: CertificateRevocationList,
  signer: ListSigner = signedBy(issuing),
): string {
  const added = kept.add(crl, signer, at(dayOfMonth), []);
  assert.deepEqual(added.kept.lists, kept.lists);
  assert.ok(added.kept.revoking.includes(crl));
  const again = added.kept.add(crl, signer, at(dayOfMonth), []);
  assert.deepEqual([again.kept, again.fault], [added.kept, added.fault]);
  return added.fault ?? '';
}

const keep = (dayOfMonth: number, ...lists: readonly CertificateRevocationList[]): KeptLists =>
  add(new KeptLists(), dayOfMonth, ...lists);
const numbersOf = ({ lists }: KeptLists): readonly (bigint | undefined)[] => lists.map(({ crlNumber }) => crlNumber);

describe('the newest list of a scope', () => {
  test('replaces the previous list', () => {
    assert.deepEqual(keep(11, tenth, eleventh).lists, [eleventh]);
  });
  test('is not replaced by an older list or a lower number, and the fault names both', () => {
    const kept = keep(11, eleventh);
    for (const older of [tenth, ofDay(12, 10), ofDay(10, 12)]) {
      // Also at the very moment of the list in use, from which it is no longer in the future.
      for (const dayOfMonth of [11, 12]) {
        const fault = addExtra(kept, dayOfMonth, older);
        assert.match(fault, /older than the list in use \(number 1[02] of .*, in use number 11 of 2027-01-11/);
      }
    }
  });
  test('removes older lists that could only revoke, and deltas, but no list that may be newer', () => {
    const unclear = ofDay(14, 10);
    const kept = keep(20, eleventh, tenth, unclear, deltaOf(11, 12));
    assert.deepEqual(
      [numbersOf(kept), kept.revoking],
      [
        [11n, 12n],
        [tenth, unclear],
      ],
    );
    const next = add(kept, 20, ofDay(13, 13));
    assert.deepEqual([numbersOf(next), next.revoking], [[13n], [unclear]]);
    assert.deepEqual(add(kept, 20, deltaOf(11, 13)).revoking, [tenth, unclear]);
  });
  test('keeps at most four further lists, which can only revoke: the one with the earliest date is dropped', () => {
    const dates = [5, 7, 6, 8];
    const kept = keep(11, eleventh, ...dates.map((day) => ofDay(day, day)));
    assert.deepEqual(
      kept.revoking.map(({ crlNumber }) => crlNumber),
      [5n, 7n, 6n, 8n],
    );
    assert.deepEqual(
      add(kept, 11, ofDay(9, 9)).revoking.map(({ crlNumber }) => crlNumber),
      [7n, 6n, 8n, 9n],
    );
    assert.deepEqual(add(kept, 11, ofDay(4, 4)).revoking, kept.revoking);
  });
  test('is replaced by a later list with the same number, since some CAs do not raise their numbers', () => {
    const again = ofDay(12, 11);
    assert.deepEqual(keep(12, eleventh, again).lists, [again]);
  });
  test('stays with another list of the same number and date, since neither is the later one', () => {
    const twin = ofDay(11, 11, { revoked: [{ serialNumber: '07' }] });
    for (const order of [
      [eleventh, twin],
      [twin, eleventh, twin],
    ]) {
      assert.deepEqual(new Set(keep(11, ...order).lists), new Set([eleventh, twin]));
      const next = ofDay(12, 12);
      assert.deepEqual(keep(12, ...order, next).lists, [next]);
    }
    const others = ['08', '09'].map((serialNumber) => ofDay(11, 11, { revoked: [{ serialNumber }] }));
    const four = keep(11, eleventh, twin, ...others);
    assert.match(addExtra(four, 11, ofDay(11, 11, { revoked: [{ serialNumber: '0A' }] })), /already gave 4 lists/);
  });
  test('is the newest list of its key, whatever it says about the key', () => {
    const unidentified = ofDay(12, 12, { hasKeyIdentifier: false });
    assert.deepEqual(keep(12, eleventh, unidentified).lists, [unidentified]);
    assert.match(addExtra(keep(12, unidentified), 12, eleventh), /older/);
  });
});

describe('a list of another scope does not displace a list:', () => {
  const ofPoint = (line: string): Partial<CrlRequest> => ({
    extensions: ['issuingDistributionPoint = critical, @idp'],
    sections: ['[idp]', line],
  });
  const others: readonly (readonly [string, CertificateRevocationList])[] = [
    ['for CA certificates alone', ofDay(11, 99, ofPoint('onlyCA = TRUE'))],
    ['for one reason alone', ofDay(11, 99, ofPoint('onlysomereasons = keyCompromise'))],
    ['a delta', deltaOf(1, 11)],
    ['that nobody understands', ofDay(11, 99, { extensions: ['1.2.3.4 = critical, DER:0500'] })],
    ['without a number', ofDay(12, 0, { number: null })],
  ];
  for (const [what, other] of others) {
    test(what, () => {
      assert.deepEqual(new Set(keep(20, eleventh, other).lists), new Set([eleventh, other]));
      assert.deepEqual(new Set(keep(20, other, eleventh).lists), new Set([eleventh, other]));
    });
  }
  test('of two lists that are not understood, the one that came later stays', () => {
    const critical = { extensions: ['1.2.3.4 = critical, DER:0500'] };
    const [numbered, unnumbered] = [ofDay(11, 11, critical), ofDay(11, 0, { ...critical, number: null })];
    assert.deepEqual(keep(20, numbered, unnumbered).lists, [unnumbered]);
    assert.deepEqual(keep(20, unnumbered, numbered).lists, [numbered]);
  });
  test('a list of another key with the same name and identifier', () => {
    const other = ofDay(20, 99);
    const { kept } = keep(20, eleventh).add(other, signedBy(root), at(20), []);
    assert.deepEqual(kept.lists, [eleventh, other]);
  });
  test('no more than 16 scopes are kept', () => {
    let kept = new KeptLists();
    for (let index = 0; index < 16; index += 1) kept = add(kept, 11, withPoint(index));
    assert.throws(() => add(kept, 11, withPoint(16)), /16 kinds/);
    assert.equal(add(kept, 11, withPoint(3)).lists.length, 16);
    function withPoint(index: number): CertificateRevocationList {
      return list(ofPoint(`fullname = URI:http://crl.example/${index}.crl`));
    }
  });
});

describe('a signer that is not valid now', () => {
  const invalid = signedBy(issuing, false);
  test('displaces no list: the signer’s list can only revoke until the signer is valid', () => {
    const kept = keep(11, tenth, deltaOf(9, 10));
    for (const crl of [eleventh, ofDay(12, 10), deltaOf(10, 11)]) {
      assert.match(addExtra(kept, 11, crl, invalid), /no certificate of the key that signed it is valid now/);
    }
    const { kept: waiting } = kept.add(eleventh, invalid, at(11), []);
    const next = add(waiting, 11, eleventh);
    assert.deepEqual([next.lists, next.revoking], [[eleventh], []]);
  });
  test('may add a list if there is none yet', () => {
    assert.deepEqual(new KeptLists().add(tenth, invalid, at(10), []).kept.lists, [tenth]);
    assert.equal(keep(11, tenth).add(deltaOf(10, 11), invalid, at(11), []).kept.lists.length, 2);
  });
});

describe('a delta', () => {
  const [first, sixth] = [ofDay(1, 1), ofDay(6, 6)];
  const [fifth, seventh, eighth] = [deltaOf(1, 5), deltaOf(6, 7), deltaOf(6, 8)];

  test('replaces the previous delta if its base is known, or a newer complete list is', () => {
    assert.deepEqual(numbersOf(keep(9, first, deltaOf(1, 4), fifth)), [1n, 5n]);
    assert.deepEqual(numbersOf(keep(9, sixth, fifth, seventh)), [6n, 7n]);
    assert.deepEqual(numbersOf(keep(9, ofDay(6, 7), fifth, eighth)), [7n, 8n]);
  });
  test('keeps the previous delta if a complete list between them is missing', () => {
    assert.deepEqual(numbersOf(keep(9, first, fifth, seventh)), [1n, 5n, 7n]);
    assert.deepEqual(numbersOf(keep(9, fifth, seventh, eighth)), [5n, 7n, 8n]);
    // The fifth is not refused as older: no other list contains its entries.
    assert.deepEqual(new Set(numbersOf(keep(9, first, seventh, fifth))), new Set([1n, 5n, 7n]));
  });
  test('replaces all earlier deltas once that complete list is known', () => {
    const waiting = keep(9, first, fifth, seventh);
    assert.deepEqual(numbersOf(add(waiting, 9, sixth, eighth)), [6n, 8n]);
    assert.match(addExtra(add(waiting, 9, sixth, eighth), 9, deltaOf(1, 7)), /older/);
  });
  test('finds its complete list at another source with the same scope and key', () => {
    const addTo = (elsewhere: KeptLists): readonly (bigint | undefined)[] =>
      numbersOf(keep(9, fifth).add(seventh, signedBy(issuing), at(9), [new KeptLists(), elsewhere]).kept);
    assert.deepEqual(addTo(keep(9, sixth)), [7n]);
    assert.deepEqual(addTo(keep(9, first)), [5n, 7n]);
    assert.deepEqual(addTo(new KeptLists().add(sixth, signedBy(root), at(9), []).kept), [5n, 7n]);
    const ofUsers = {
      extensions: ['issuingDistributionPoint = critical, @idp'],
      sections: ['[idp]', 'onlyuser = TRUE'],
    };
    assert.deepEqual(addTo(keep(9, ofDay(6, 6, ofUsers))), [5n, 7n]);
  });
  test('replaces other deltas that are not understood either, by the complete lists that are understood', () => {
    const strange = (base: number, number: number): CertificateRevocationList =>
      deltaOf(base, number, {
        extensions: [`2.5.29.27 = critical, DER:0201${encodeNumber(base)}`, '1.2.3.4 = critical, DER:0500'],
      });
    assert.deepEqual(numbersOf(keep(9, first, fifth, strange(1, 5), strange(1, 6))), [1n, 5n, 6n]);
    const odd = ofDay(6, 6, { extensions: ['1.2.3.4 = critical, DER:0500'] });
    assert.deepEqual(numbersOf(keep(9, first, odd, strange(1, 5), strange(6, 7))), [1n, 6n, 5n, 7n]);
  });
  test('has the number of its complete list reported if that is missing', () => {
    const missing = (dayOfMonth: number, ...sources: readonly KeptLists[]): bigint | undefined =>
      findMissingNumber(sources, at(dayOfMonth));
    assert.equal(missing(9, keep(9, first, fifth)), undefined);
    assert.equal(missing(9, keep(9, first), keep(9, fifth, seventh)), 6n);
    assert.equal(missing(6, keep(9, first), keep(9, fifth, seventh)), undefined);
    assert.equal(missing(9, keep(9, first), keep(9, fifth, seventh), keep(9, sixth)), undefined);
    assert.equal(missing(9, keep(9, fifth)), 1n);
    // The number is missing from the date of the delta on, and a complete list is known from its own date on.
    assert.equal(missing(7, keep(9, first), keep(9, seventh)), 6n);
    assert.equal(missing(7, keep(9, ofDay(7, 6)), keep(9, seventh)), undefined);
  });
  test('displaces nothing while its own date, or that of its complete list, is in the future', () => {
    assert.deepEqual(numbersOf(keep(6, sixth, fifth, seventh)), [6n, 5n, 7n]);
    assert.deepEqual(numbersOf(keep(7, ofDay(9, 6), fifth, seventh)), [6n, 5n, 7n]);
  });
  test('is kept with at most three others, and then replaces those with the same base', () => {
    const full = keep(20, first, fifth, deltaOf(6, 7), deltaOf(6, 8), deltaOf(6, 9));
    assert.deepEqual(numbersOf(add(full, 20, deltaOf(6, 10))), [1n, 5n, 10n]);
    const missed = keep(20, first, fifth, seventh, deltaOf(8, 9), deltaOf(10, 11));
    assert.deepEqual(numbersOf(add(missed, 20, deltaOf(10, 12))), [1n, 5n, 7n, 9n, 12n]);
    assert.match(addExtra(missed, 20, deltaOf(12, 13)), /already gave 4 lists.*publish the newest complete list/);
    // The next complete list makes room.
    assert.deepEqual(numbersOf(add(missed, 20, ofDay(12, 12), deltaOf(12, 13))), [12n, 13n]);
  });
});

describe('a list from the future', () => {
  test('leaves the previous list in use, even if a second list from the future follows', () => {
    const first = add(keep(10, tenth), 11, ofDay(12, 12));
    assert.ok(first.lists.includes(tenth));
    const second = add(first, 11, ofDay(13, 13));
    assert.ok(second.lists.includes(tenth), 'a chain of them displaced what counts');
    assert.equal(second.lists.length, 2);
  });
  test('is replaced by the next list once its time has come', () => {
    const kept = add(keep(10, tenth), 11, ofDay(12, 12));
    const next = ofDay(13, 13);
    assert.deepEqual(add(kept, 13, next).lists, [next]);
    // It also replaces the previous list, even if the next list is from the future again.
    assert.deepEqual(numbersOf(add(kept, 12, next)), [12n, 13n]);
  });
  test('is replaced by a list with an earlier date and a higher number, after the CA’s clock was set right', () => {
    const ahead = list({ number: '0C', lastUpdate: '20370101000000Z', nextUpdate: '20370201000000Z' });
    const kept = add(keep(10, tenth), 11, ahead);
    const right = ofDay(11, 13);
    assert.deepEqual(add(kept, 11, right).lists, [right]);
    for (const older of [eleventh, ofDay(11, 12), ofDay(9, 14)]) assert.match(addExtra(kept, 11, older), /older/);
  });
});

test('makeRoom removes only lists that the authority did not sign, and only if there is no room', () => {
  const isTenth = (crl: CertificateRevocationList): boolean => crl === tenth;
  const other = ofDay(20, 99, { authority: root });
  let kept = keep(10, tenth);
  for (let key = 1; key < 16; key += 1) {
    assert.deepEqual(kept.makeRoom(isTenth).lists, kept.lists);
    kept = kept.add(other, { publicKey: Buffer.from([key]), isValid: true }, at(20), []).kept;
  }
  assert.equal(kept.lists.length, 16);
  assert.throws(() => kept.add(other, { publicKey: Buffer.from([0]), isValid: true }, at(20), []), /16 kinds/);
  assert.deepEqual(kept.makeRoom(isTenth).lists, [tenth]);
  // The lists of one key and scope are removed together.
  assert.deepEqual(keep(11, tenth, deltaOf(10, 11)).filter(isTenth).lists, []);
});

test('the newest list in use never gets older, in whatever order lists come', () => {
  const lists = [5, 8, 10, 12, 15].flatMap((dayOfMonth) => [ofDay(dayOfMonth, dayOfMonth), ofDay(dayOfMonth, 10)]);
  const arrivals = fc.array(fc.tuple(fc.constantFrom(...lists), fc.constantFrom(0, 0, 1, 3)), { maxLength: 12 });
  fc.assert(
    fc.property(arrivals, (arriving) => {
      let kept = new KeptLists();
      let today = 5;
      let newest = Number.NEGATIVE_INFINITY;
      for (const [crl, days] of arriving) {
        today += days;
        try {
          kept = add(kept, today, crl);
        } catch {
          // The list was older. Whether that is handled correctly is checked below.
        }
        const current = kept.lists.filter(({ thisUpdate }) => thisUpdate <= at(today));
        const age = Math.max(...current.map(({ thisUpdate }) => thisUpdate));
        assert.ok(age >= newest, 'an older list took the place of a newer one');
        newest = age;
        assert.ok(kept.lists.length <= 2);
      }
    }),
    { numRuns: countRuns(200) },
  );
});
