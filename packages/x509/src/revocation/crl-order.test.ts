import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CrlWriting, extension, writeCrl } from '../test-support/certificate-writing.js';
import { encodeElement } from '../test-support/der-editing.js';
import { namedBits, sequence } from '../test-support/der-writing.js';
import { clientExtensions } from '../test-support/extension-writing.js';
import { newName, pathNow, readCrls, write, writeAuthority } from '../test-support/written-path.js';
import type { CertificateRevocationList } from './certificate-revocation-list.js';
import type { CrlEntry } from './crl-entry.js';
import { findCrlStatus } from './crl-status.js';
import type { CrlQuestion } from './crl-statement.js';
import { describeRevocationGaps } from './revocation-sentences.js';

// Tests which of several lists decides.
const ca = newName('CA');
const authority = writeAuthority(ca);
const serialNumber = 10;
const certificate = write({
  subject: newName('client'),
  issuer: ca,
  serialNumber,
  extensions: clientExtensions(ca.key),
});
const now = pathNow;
const hour = 3_600_000;

function ask(
  crls: readonly CertificateRevocationList[],
  changes: Partial<CrlQuestion> = {},
): ReturnType<typeof findCrlStatus> {
  return findCrlStatus({
    certificate,
    issuer: authority,
    crls,
    signers: [],
    isSignerValid: () => false,
    isAlgorithmAccepted: () => true,
    profile: 'strict',
    now,
    graceMilliseconds: 0,
    ...changes,
  });
}

function list(writing: Omit<CrlWriting, 'issuer'> = {}): CertificateRevocationList {
  const [crl] = readCrls([writeCrl({ issuer: ca, thisUpdate: now - hour, nextUpdate: now + hour, ...writing })]);
  assert.ok(crl);
  return crl;
}

const without = (crl: CertificateRevocationList, type: string): CertificateRevocationList => ({
  ...crl,
  ...(type === '2.5.29.20' ? { crlNumber: undefined } : {}),
  extensions: new Map([...crl.extensions].filter(([each]) => each !== type)),
});
const unnumbered = (crl: CertificateRevocationList): CertificateRevocationList => without(crl, '2.5.29.20');
const someReasons = (...bits: readonly number[]): Pick<CrlWriting, 'extensions'> => ({
  extensions: [extension('2.5.29.28', true, sequence(encodeElement(0x83, namedBits(bits).subarray(2))))],
});
const inEveryOrder = <T>(values: readonly T[]): readonly (readonly T[])[] =>
  values.length < 2
    ? [values]
    : values.flatMap((value, index) =>
        inEveryOrder(values.filter((_, at) => at !== index)).map((rest) => [value, ...rest]),
      );
const detailOf = (status: ReturnType<typeof findCrlStatus>): string =>
  status.status === 'unknown' ? describeRevocationGaps(status.gaps) : status.status;

describe('a certificate that no list names', () => {
  it('is good by the newest list, and by the one that lasts longer if two are equally new', () => {
    const lists = [
      list({ thisUpdate: now - 3 * hour, nextUpdate: now + 9 * hour }),
      list({ thisUpdate: now - hour, nextUpdate: now + 2 * hour }),
      list({ thisUpdate: now - hour, nextUpdate: now + 3 * hour }),
      list({ thisUpdate: now - 2 * hour, nextUpdate: now + 8 * hour }),
    ];
    for (const crls of inEveryOrder(lists))
      assert.deepEqual(ask(crls), { status: 'good', validFrom: now - hour, validUntil: now + 3 * hour });
  });

  it('is good by the list that covers every reason, and no other list shortens that', () => {
    const rest = someReasons(2, 3, 4, 5, 6, 7, 8);
    const one = list({ ...someReasons(1), nextUpdate: now + 5 * hour });
    const again = list({ ...someReasons(1), thisUpdate: now - 2 * hour, nextUpdate: now + hour });
    const others = list({ ...rest, thisUpdate: now - 3 * hour, nextUpdate: now + 4 * hour });
    for (const crls of inEveryOrder([one, again, others]))
      assert.deepEqual(ask(crls), { status: 'good', validFrom: now - hour, validUntil: now + 4 * hour });
    assert.match(detailOf(ask([one, again])), /every reason/);
    // Nobody has to publish the newer list: it is there, and lacks reasons too.
    const newer = list({ ...someReasons(1), crlNumber: 2 });
    for (const crls of inEveryOrder([list({ ...someReasons(1), crlNumber: 1 }), newer]))
      assert.match(detailOf(ask(crls)), /every reason/);
  });

  it('is good until the moment at which a newer complete list appears', () => {
    const base = list({ crlNumber: 1 });
    const delta = (thisUpdate: number): CertificateRevocationList =>
      list({ crlNumber: 2, baseNumber: 2, thisUpdate, nextUpdate: now + 9 * hour });
    assert.deepEqual(ask([base, delta(now + 1000)]), { status: 'good', validFrom: now - hour, validUntil: now + 1000 });
    const outdated = /complete CRL 2 is newer than the CRL 1/;
    assert.match(detailOf(ask([base, delta(now)])), outdated);
    // The list that lacks reasons is not outdated, but the other one is.
    const partial = list({ crlNumber: 1, ...someReasons(1) });
    for (const crls of inEveryOrder([partial, base, delta(now)])) assert.match(detailOf(ask(crls)), outdated);
    const later = list({
      crlNumber: 2,
      baseNumber: 2,
      thisUpdate: now + 1000,
      nextUpdate: now + 9 * hour,
      ...someReasons(1),
    });
    assert.match(detailOf(ask([partial, later])), /every reason/);
  });

  it('is not cleared in strict by a list with a missing or critical number, but is cleared in rfc5280', () => {
    const crl = list();
    const critical = {
      ...crl,
      extensions: new Map(
        [...crl.extensions].map(([type, each]) => [type, { ...each, isCritical: type === '2.5.29.20' }]),
      ),
    };
    for (const broken of [unnumbered(crl), critical]) {
      assert.match(detailOf(ask([broken])), /has no number, or a critical one/);
      assert.equal(ask([broken], { profile: 'rfc5280' }).status, 'good');
      const outdated = [broken, list({ crlNumber: 1 }), list({ crlNumber: 2, baseNumber: 2 })];
      for (const crls of inEveryOrder(outdated)) assert.match(detailOf(ask(crls)), /has no number, or a critical one/);
    }
  });

  it('gets the reason why the list is not current', () => {
    assert.match(detailOf(ask([list({ thisUpdate: now + 1000, nextUpdate: now + 2000 })])), /is from the future/);
    // The list began and ended at this moment.
    assert.match(detailOf(ask([list({ thisUpdate: now, nextUpdate: now })])), /was due to be replaced/);
    const endless = { ...list(), nextUpdate: undefined };
    assert.match(detailOf(ask([endless])), /doesn’t say when the next one comes/);
    assert.deepEqual(ask([endless], { profile: 'rfc5280' }), {
      status: 'good',
      validFrom: now - hour,
      validUntil: Infinity,
    });
  });
});

describe('a certificate on hold', () => {
  const hold = [{ serialNumber, reason: 6 }];
  const removal = [{ serialNumber, reason: 8 }];
  const isHeld = (...crls: readonly CertificateRevocationList[]): boolean => {
    const statuses = inEveryOrder(crls).map((each) => ask(each, { profile: 'rfc5280' }).status);
    assert.equal(new Set(statuses).size, 1);
    return statuses[0] === 'revoked';
  };
  const held = list({ crlNumber: 5, revoked: hold });

  it("comes back if a newer list doesn't name it", () => {
    assert.ok(isHeld(held));
    assert.ok(!isHeld(held, list({ crlNumber: 6 })));
    assert.ok(!isHeld(held, list({ crlNumber: 6, thisUpdate: now - hour + 1000 })));
    // The newer list must have a higher number, must not be older by time, and must be current.
    assert.ok(isHeld(held, list({ crlNumber: 5, thisUpdate: now })));
    assert.ok(isHeld(held, list({ crlNumber: 6, thisUpdate: now - 2 * hour })));
    assert.ok(isHeld(held, list({ crlNumber: 6, nextUpdate: now })));
    // If a list has no number, only the time decides.
    for (const [older, newer] of [
      [unnumbered(held), list({ crlNumber: 1, thisUpdate: now })],
      [held, unnumbered(list({ thisUpdate: now }))],
      [unnumbered(held), unnumbered(list({ thisUpdate: now }))],
    ] as const)
      assert.ok(!isHeld(older, newer));
    for (const thisUpdate of [now - hour, now - 2 * hour]) assert.ok(isHeld(unnumbered(held), list({ thisUpdate })));
  });

  it('comes back if a delta takes it back and the base is there', () => {
    const base = list({ crlNumber: 5, revoked: hold });
    const delta = (revoked: CrlWriting['revoked'] = removal): CertificateRevocationList =>
      list({ crlNumber: 6, baseNumber: 5, revoked });
    assert.ok(!isHeld(base, delta()));
    assert.ok(isHeld(base, delta([])));
    assert.ok(isHeld(base, delta(hold)));
    assert.ok(isHeld(base, delta([...removal, ...hold])));
    assert.ok(isHeld(list({ crlNumber: 5, revoked: hold, nextUpdate: now }), delta()));
    assert.ok(isHeld(list({ crlNumber: 4, revoked: hold }), delta()));
    // In a complete list, an entry `removeFromCRL` revokes.
    assert.ok(isHeld(list({ crlNumber: 6, revoked: removal })));
  });

  it('is on hold by the first list that says so and has no newer list without it', () => {
    const entriesOf = (crl: CertificateRevocationList, ...entries: readonly CrlEntry[]): CertificateRevocationList => {
      const stand = Object.create(crl.entries) as typeof crl.entries;
      return { ...crl, entries: Object.assign(stand, { find: () => entries }) };
    };
    const onHold = (revokedAt: number): CrlEntry => ({ revokedAt, reason: 'certificateHold' });
    const older = entriesOf(list({ crlNumber: 5 }), onHold(1));
    const first = { status: 'revoked', reason: 'certificateHold', revokedAt: 1 };
    // The newer list names the certificate too, so it does not lift the hold.
    assert.deepEqual(ask([older, entriesOf(list({ crlNumber: 6 }), onHold(2))]), first);
    const delta = list({ crlNumber: 6, baseNumber: 5 });
    assert.deepEqual(ask([older, entriesOf(delta, onHold(2))]), first);
    assert.deepEqual(ask([older, entriesOf(delta, { revokedAt: 3, reason: 'removeFromCRL' }, onHold(2))]), first);
  });
});
