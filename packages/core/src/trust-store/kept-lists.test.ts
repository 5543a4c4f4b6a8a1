import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { getStage } from '../test-support/authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { type CrlRequest, type MadeAuthority, makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import type { CertificateRevocationList } from '@certgate/x509/path';
import { KeptLists } from './kept-lists.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const { root, issuing } = getStage();
const day = 86_400_000;
const list = (request: Partial<CrlRequest> = {}): CertificateRevocationList =>
  readCrl(makeCrl({ authority: issuing, ...request }));
const ofDay = (dayOfMonth: number, number: number, authority: MadeAuthority = issuing): CertificateRevocationList =>
  list({
    authority,
    number: number.toString(16).padStart(2, '0'),
    lastUpdate: `202701${String(dayOfMonth).padStart(2, '0')}000000Z`,
  });

const tenth = ofDay(10, 10);
const eleventh = ofDay(11, 11);
const at = (dayOfMonth: number): number => now + (dayOfMonth - 1) * day;

describe('the newest list of a scope', () => {
  test('takes the place of the one before', () => {
    assert.deepEqual(new KeptLists().add(tenth, at(10)).add(eleventh, at(11)).lists, [eleventh]);
  });
  test('an older one, or one of a lower number, is refused, with both named', () => {
    const kept = new KeptLists().add(eleventh, at(11));
    for (const older of [tenth, ofDay(12, 10), ofDay(10, 12)]) {
      assert.throws(
        () => kept.add(older, at(12)),
        /older than the list in use \(number 1[02] of .*, in use 11 of 2027-01-11/,
      );
    }
  });
  test('the same number again, later: taken, as by CAs that count nothing', () => {
    const again = ofDay(12, 11);
    assert.deepEqual(new KeptLists().add(eleventh, at(11)).add(again, at(12)).lists, [again]);
  });
});

describe('a list of another scope displaces none', () => {
  const others: readonly (readonly [string, CertificateRevocationList])[] = [
    ['of the CA above', ofDay(20, 99, root)],
    [
      'for CA certificates alone',
      list({
        number: '63',
        extensions: ['issuingDistributionPoint = critical, @idp'],
        sections: ['[idp]', 'onlyCA = TRUE'],
      }),
    ],
    [
      'for one reason alone',
      list({
        number: '63',
        extensions: ['issuingDistributionPoint = critical, @idp'],
        sections: ['[idp]', 'onlysomereasons = keyCompromise'],
      }),
    ],
    ['a delta', list({ number: '63', extensions: ['2.5.29.27 = critical, DER:020101'] })],
  ];
  for (const [what, other] of others) {
    test(what, () => {
      assert.deepEqual(new KeptLists().add(eleventh, at(20)).add(other, at(20)).lists, [eleventh, other]);
    });
  }
  test('and there is an end to scopes', () => {
    let kept = new KeptLists();
    for (let index = 0; index < 16; index += 1) kept = kept.add(withPoint(index), at(11));
    assert.throws(() => kept.add(withPoint(16), at(11)), /16 kinds/);
    assert.equal(kept.add(withPoint(3), at(11)).lists.length, 16);
    function withPoint(index: number): CertificateRevocationList {
      const sections = ['[idp]', `fullname = URI:http://crl.example/${index}.crl`];
      return list({ extensions: ['issuingDistributionPoint = critical, @idp'], sections });
    }
  });
});

describe('a list of the future', () => {
  test('leaves the one before in use, also when a second one follows', () => {
    const first = new KeptLists().add(tenth, at(10)).add(ofDay(12, 12), at(11));
    assert.ok(first.lists.includes(tenth));
    const second = first.add(ofDay(13, 13), at(11));
    assert.ok(second.lists.includes(tenth), 'a chain of them displaced what counts');
    assert.equal(second.lists.length, 2);
  });
  test('once its time has come, the one after it displaces it', () => {
    const kept = new KeptLists().add(tenth, at(10)).add(ofDay(12, 12), at(11));
    const next = ofDay(13, 13);
    assert.deepEqual(kept.add(next, at(13)).lists, [next]);
  });
  test('a CA whose clock was set right is heard again, if its number is higher', () => {
    const ahead = list({ number: '0C', lastUpdate: '20370101000000Z', nextUpdate: '20370201000000Z' });
    const kept = new KeptLists().add(tenth, at(10)).add(ahead, at(11));
    const right = ofDay(11, 13);
    assert.deepEqual(kept.add(right, at(11)).lists, [right]);
    assert.throws(() => kept.add(eleventh, at(11)), /older/);
    assert.throws(() => kept.add(ofDay(9, 14), at(11)), /older/);
  });
});

test('filter keeps what the authority signed', () => {
  const kept = new KeptLists().add(tenth, at(10)).add(ofDay(20, 99, root), at(20));
  assert.deepEqual(kept.filter((crl) => crl === tenth).lists, [tenth]);
});

test('in whatever order lists come: what counts at the time never gets older', () => {
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
          kept = kept.add(crl, at(today));
        } catch {
          // Older: that is what is asked about.
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
