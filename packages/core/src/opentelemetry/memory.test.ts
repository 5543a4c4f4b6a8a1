import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refreshed } from '../test-support/gate-events.js';
import type { RevocationListEvent } from '../trust-store/revocation-channel.js';
import type { TrustRefreshEvent } from '../trust-store/trust-channel.js';
import { CertificatesInUse, RevocationEnds, TrustReads } from './memory.js';

const day = 86_400_000;
const start = Date.UTC(2027, 0, 1);

describe('certificates in use', () => {
  it('are listed by identity, with the seconds to the first end', () => {
    const certificates = new CertificatesInUse();
    certificates.note('billing', 'AA', start + 20_000, start);
    certificates.note('billing', 'BB', start + 10_500, start);
    certificates.note('reporting', 'CC', start + 60_000, start);
    assert.deepEqual(
      [...certificates.listSecondsToExpiry(start)],
      [
        ['billing', 10.5],
        ['reporting', 60],
      ],
    );
    assert.equal(certificates.listSecondsToExpiry(start + 1000).get('billing'), 9.5);
  });

  it('that have ended are ignored if the identity has another one that has not, whichever was seen first', () => {
    for (const order of [
      ['old', 'new'],
      ['new', 'old'],
    ]) {
      const certificates = new CertificatesInUse();
      for (const name of order) {
        certificates.note('billing', name, name === 'old' ? start + 1000 : start + 100_000, start);
      }
      assert.equal(certificates.listSecondsToExpiry(start + 2000).get('billing'), 98, order.join());
    }
  });

  it('that have all ended give 0, and never less', () => {
    const certificates = new CertificatesInUse();
    certificates.note('billing', 'AA', start + 1000, start);
    certificates.note('billing', 'BB', start + 2000, start);
    assert.equal(certificates.listSecondsToExpiry(start + 3000).get('billing'), 0);
  });

  it('are forgotten when they were not seen for a day', () => {
    const certificates = new CertificatesInUse();
    certificates.note('billing', 'AA', start + 90 * day, start);
    certificates.note('reporting', 'BB', start + 90 * day, start + 1000);
    assert.deepEqual([...certificates.listSecondsToExpiry(start + day).keys()], ['billing', 'reporting']);
    assert.deepEqual([...certificates.listSecondsToExpiry(start + day + 1).keys()], ['reporting']);
    certificates.note('reporting', 'BB', start + 90 * day, start + day);
    assert.deepEqual([...certificates.listSecondsToExpiry(start + 2 * day).keys()], ['reporting']);
  });

  it('are at most 1,000, and the one that was seen longest ago is dropped first', () => {
    const certificates = new CertificatesInUse();
    for (let index = 0; index < 1000; index += 1) certificates.note(`caller-${index}`, 'AA', start + day, start);
    certificates.note('caller-0', 'AA', start + day, start);
    for (let index = 1000; index < 1500; index += 1) certificates.note(`caller-${index}`, 'AA', start + day, start);
    const names = [...certificates.listSecondsToExpiry(start).keys()];
    assert.equal(names.length, 1000);
    assert.deepEqual([names[0], names[1], names.at(-1)], ['caller-501', 'caller-502', 'caller-1499']);
    assert.ok(names.includes('caller-0'));
  });
});

describe('reads of trust sources', () => {
  const event: TrustRefreshEvent = { ...refreshed, outcome: 'unchanged' };

  it('grow older by the clock that advanced more', () => {
    let wall = start;
    let monotonic = 500;
    const reads = new TrustReads({ wall: () => wall, monotonic: () => monotonic });
    reads.note({ ...event, source: 'file trust.json', lastSuccessAt: start - 2000 });
    assert.equal(reads.list()[0]?.ageSeconds, 2);
    wall += 3000;
    assert.equal(reads.list()[0]?.ageSeconds, 5);
    // The wall clock was set back by an hour while 10 seconds went by.
    wall -= 3_600_000;
    monotonic += 10_000;
    assert.equal(reads.list()[0]?.ageSeconds, 12);
  });

  it('never have a negative age, and have no age before the first good read', () => {
    const reads = new TrustReads({ wall: () => start, monotonic: () => 0 });
    reads.note({ ...event, source: 'of the future', lastSuccessAt: start + 5000 });
    reads.note({ ...event, source: 'never read', outcome: 'failed', revision: undefined, lastSuccessAt: undefined });
    assert.deepEqual(
      reads.list().map(({ source, ageSeconds }) => [source, ageSeconds]),
      [
        ['of the future', 0],
        ['never read', undefined],
      ],
    );
  });

  it('list when the CA certificates end, one for each subject, and those that end first', () => {
    const reads = new TrustReads({ wall: () => start, monotonic: () => 0 });
    const ends = (from: number): TrustRefreshEvent['authorityCertificates'] => [
      { authority: 'corp', subject: 'CN=Root', notAfter: start - day },
      { authority: 'corp', subject: 'CN=Root', notAfter: start + from },
      { authority: 'corp', subject: 'CN=Old', notAfter: start - day },
    ];
    reads.note({ ...event, source: 'a', lastSuccessAt: start, authorityCertificates: ends(20_000) });
    reads.note({ ...event, source: 'b', lastSuccessAt: start, authorityCertificates: ends(10_000) });
    assert.deepEqual(reads.listAuthorityEnds(), [
      { authority: 'corp', subject: 'CN=Old', seconds: 0 },
      { authority: 'corp', subject: 'CN=Root', seconds: 10 },
    ]);
    const many = Array.from({ length: 2000 }, (_, index) => {
      return { authority: 'other', subject: `CN=${index}`, notAfter: start + 1000 * (2000 - index) };
    });
    reads.note({ ...event, source: 'a', lastSuccessAt: start, authorityCertificates: many });
    const listed = reads.listAuthorityEnds();
    assert.deepEqual([listed.length, listed[1]?.subject], [1000, 'CN=1999']);
  });

  it('are kept for 100 sources', () => {
    const reads = new TrustReads({ wall: () => start, monotonic: () => 0 });
    for (let index = 0; index < 200; index += 1) {
      reads.note({ ...event, source: `store ${index}`, lastSuccessAt: start });
    }
    reads.note({ ...event, source: 'store 0', revision: 8, lastSuccessAt: start });
    assert.equal(reads.list().length, 100);
    assert.equal(reads.list()[0]?.revision, 8);
  });
});

describe('revocation lists', () => {
  const list = { version: 1, authority: 'corp', number: '1', source: 'file a.crl', begin: start } as const;
  const event = (issuer: string, end: number, isDelta = false): RevocationListEvent => ({
    ...list,
    code: 'revocation_current',
    issuer,
    isDelta,
    end,
  });

  it('are listed by issuer, with the seconds to the first end, until they are forgotten', () => {
    const lists = new RevocationEnds();
    lists.note(event('CN=A', start + 10_000));
    lists.note(event('CN=A', start + 4_000, true));
    lists.note(event('CN=B', start - 1));
    const read = (): readonly unknown[] => [...lists.listSecondsToEnd(start)];
    assert.deepEqual(read(), [
      ['CN=A', 4],
      ['CN=B', 0],
    ]);
    lists.note({ ...event('CN=A', start + 20_000), number: '2' });
    lists.note({ ...event('CN=A', start + 4_000, true), code: 'revocation_forgotten' });
    lists.note({ ...event('CN=B', start - 1), code: 'revocation_forgotten' });
    assert.deepEqual(read(), [['CN=A', 20]]);
    for (let index = 0; index < 200; index += 1) lists.note(event(`CN=${index}`, start));
    assert.equal(read().length, 100);
  });
});
