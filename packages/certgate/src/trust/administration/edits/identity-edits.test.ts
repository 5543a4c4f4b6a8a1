import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findInstant, formatInstant, type TrustDocument, type TrustDocumentPin } from '@certgate/core/internal';
import fc from 'fast-check';
import {
  addIdentity,
  addToIdentity,
  getIdentity,
  removeFromIdentity,
  rotateIdentity,
  setIdentityEnabled,
  setPinsEnabled,
} from './identity-edits.js';
import { lockDocument, unlockDocument } from './restriction-edits.js';
import { listNewlyDisabled } from '../change-log.js';

const hex = (digit: string): string => digit.repeat(64);

function makeDocument(pins: readonly TrustDocumentPin[], more: object = {}): TrustDocument {
  return {
    schemaVersion: 1,
    revision: 1,
    identities: [
      { name: 'Billing', roles: ['a'], pins, ...more },
      { name: 'other', roles: [], pins: [{ thumbprintSha256: hex('9') }] },
    ],
  };
}

const pinsOf = (document: TrustDocument): readonly TrustDocumentPin[] => getIdentity(document, 'billing').pins ?? [];

describe('adding', () => {
  const document = makeDocument([{ thumbprintSha256: hex('1') }]);

  it('appends a new identity', () => {
    const after = addIdentity(document, { name: 'new', roles: [], pin: { thumbprintSha256: hex('2') } });
    assert.deepEqual(after.identities[2], { name: 'new', roles: [], pins: [{ thumbprintSha256: hex('2') }] });
  });
  it('is refused if the name or the certificate is already there, in any notation', () => {
    assert.throws(
      () => addIdentity(document, { name: 'BILLING', roles: [], pin: { thumbprintSha256: hex('2') } }),
      /already/,
    );
    for (const thumbprintSha256 of [hex('1'), '11:'.repeat(32).slice(0, -1)]) {
      assert.throws(() => addIdentity(document, { name: 'new', roles: [], pin: { thumbprintSha256 } }), /"Billing"/);
    }
  });
  it('is refused if another identity pins the certificate by another kind of hash', () => {
    const certificate = { thumbprintSha256: hex('2'), thumbprintSha1: 'A'.repeat(40), publicKeySha256: hex('3') };
    for (const pin of [
      { thumbprintSha1: 'a'.repeat(40) },
      { publicKeySha256: hex('3'), notAfter: '2030-01-01T00:00:00Z' },
    ]) {
      const held = makeDocument([pin]);
      const newPin = { pin: { thumbprintSha256: hex('2') }, certificate };
      assert.throws(() => addIdentity(held, { name: 'new', roles: [], ...newPin }), /"Billing"/);
      assert.throws(() => rotateIdentity(held, 'billing', { ...newPin, oldEnd: 1, now: 0 }), /"Billing"/);
      // A migration: a SHA-256 pin next to another kind of pin of the same identity.
      const after = addToIdentity(held, 'billing', { roles: [], functions: [], newPin });
      assert.equal(pinsOf(after).length, 2);
    }
  });
  it('extends an identity that is already there', () => {
    const after = addToIdentity(makeDocument([], { functions: ['F'] }), 'BILLING', {
      roles: ['a', 'b'],
      functions: ['f', 'g'],
      owner: 'me',
      expiresAt: null,
    });
    const { roles, functions, owner } = getIdentity(after, 'billing');
    assert.deepEqual([roles, functions, owner], [['a', 'b'], ['F', 'g'], 'me']);
  });
  it('a function to an identity that may call all functions is refused, because it would lose the others', () => {
    assert.throws(
      () => addToIdentity(document, 'billing', { roles: [], functions: ['F'] }),
      /already call every function/,
    );
  });
});

describe('removing', () => {
  const document = makeDocument([{ thumbprintSha256: hex('1') }, { thumbprintSha256: `${'1'.repeat(63)}2` }], {
    functions: ['F', 'G'],
  });
  it('takes one pin away by its first digits, and refuses digits that match two pins', () => {
    const removal = { pins: [hex('1')], roles: ['a'], functions: ['f'] };
    const { pins: left, roles, functions } = getIdentity(removeFromIdentity(document, 'billing', removal), 'billing');
    assert.deepEqual([left?.length, roles, functions], [1, [], ['G']]);
    const pins = ['11111111'];
    assert.throws(() => removeFromIdentity(document, 'billing', { pins, roles: [], functions: [] }), /has 2 pins/);
  });
  it('is refused for a pin, a role, a function or an identity that is not there', () => {
    for (const removal of [{ pins: ['22222222'] }, { pins: ['11'] }, { roles: ['z'] }, { functions: ['Z'] }]) {
      assert.throws(() => removeFromIdentity(document, 'billing', { pins: [], roles: [], functions: [], ...removal }));
    }
    assert.throws(() => getIdentity(document, 'nobody'), /no identity "nobody"/);
  });
});

describe('switching', () => {
  const document = makeDocument([{ thumbprintSha256: hex('1') }, { thumbprintSha256: hex('2'), enabled: false }]);
  it('an identity off and on again results in the same document', () => {
    const off = setIdentityEnabled(document, 'billing', false);
    assert.equal(getIdentity(off, 'billing').enabled, false);
    assert.deepEqual(setIdentityEnabled(off, 'billing', true), document);
  });
  it('a pin off or on changes that pin', () => {
    assert.equal(pinsOf(setPinsEnabled(document, 'billing', ['11111111'], false))[0]?.enabled, false);
    assert.equal('enabled' in (pinsOf(setPinsEnabled(document, 'billing', [hex('2')], true))[1] ?? {}), false);
  });
  it('is logged with the identities and pins that were switched off', () => {
    const before = setIdentityEnabled(document, 'other', false);
    const after = setPinsEnabled(setIdentityEnabled(before, 'billing', false), 'billing', ['11111111'], false);
    assert.deepEqual(listNewlyDisabled(before, after), { identities: ['Billing'], pins: [hex('1')] });
    assert.deepEqual(listNewlyDisabled(after, before), { identities: [], pins: [] });
  });
});

describe('a lock', () => {
  const document = makeDocument([{ thumbprintSha256: hex('1'), enabled: false }]);
  const lock = { since: '2027-01-01T00:00:00Z', by: 'ada', reason: 'breach' };
  it('is set once, and is removed without a trace', () => {
    const locked = lockDocument(document, lock);
    assert.deepEqual(locked, { ...document, locked: lock });
    assert.equal(lockDocument(locked, { ...lock, reason: 'again' }), locked);
    assert.deepEqual(unlockDocument(locked), document);
  });
  it('cannot be removed if there is none', () => {
    assert.throws(() => unlockDocument(document), /The document is not locked/);
  });
});

describe('rotation', () => {
  const now = Date.UTC(2027, 0, 1);
  const day = 86_400_000;

  it('makes the old pins end with the overlap, and adds the new one', () => {
    const document = makeDocument([{ thumbprintSha256: hex('1') }]);
    const after = rotateIdentity(document, 'billing', { pin: { thumbprintSha256: hex('2') }, oldEnd: now + day, now });
    assert.deepEqual(pinsOf(after), [
      { thumbprintSha256: hex('1'), notAfter: '2027-01-02T00:00:00Z' },
      { thumbprintSha256: hex('2') },
    ]);
  });
  it('ends only the pins that are named', () => {
    const document = makeDocument([{ thumbprintSha256: hex('1') }, { thumbprintSha256: hex('3') }]);
    const rotation = { pin: { thumbprintSha256: hex('2') }, oldEnd: undefined, pins: ['33333333'], now };
    assert.deepEqual(pinsOf(rotateIdentity(document, 'billing', rotation)), [
      { thumbprintSha256: hex('1') },
      { thumbprintSha256: hex('3'), enabled: false },
      { thumbprintSha256: hex('2') },
    ]);
  });
  it('refuses a pin that would begin after its new end', () => {
    const document = makeDocument([{ thumbprintSha256: hex('1'), notBefore: '2027-06-01T00:00:00Z' }]);
    const rotation = { pin: { thumbprintSha256: hex('2') }, oldEnd: now + day, now };
    assert.throws(() => rotateIdentity(document, 'billing', rotation), /begins at 2027-06-01/);
  });
  it('never makes an old pin last longer, and never enables one', () => {
    const times = fc.option(
      fc.integer({ min: -50, max: 50 }).map((days) => formatInstant(now + days * day)),
      {
        nil: undefined,
      },
    );
    fc.assert(
      fc.property(times, fc.boolean(), fc.integer({ min: 0, max: 40 }), (notAfter, enabled, days) => {
        const pin = {
          thumbprintSha256: hex('1'),
          ...(notAfter === undefined ? {} : { notAfter }),
          ...(enabled ? {} : { enabled: false }),
        };
        const oldEnd = days === 0 ? undefined : now + days * day;
        const rotation = { pin: { thumbprintSha256: hex('2') }, oldEnd, now };
        const [old] = pinsOf(rotateIdentity(makeDocument([pin]), 'billing', rotation));
        const endBefore = enabled ? endOf(notAfter) : Number.NEGATIVE_INFINITY;
        const endAfter = old?.enabled === false ? Number.NEGATIVE_INFINITY : endOf(old?.notAfter);
        assert.ok(endAfter <= endBefore);
        assert.ok(endAfter <= (oldEnd ?? now) || endAfter === endBefore);
        // If the old pin would live longer, it ends when the overlap of both pins ends.
        if (enabled && oldEnd !== undefined) assert.equal(endAfter, Math.min(endBefore, oldEnd));
      }),
    );
  });
});

function endOf(notAfter: string | undefined): number {
  return notAfter === undefined ? Number.POSITIVE_INFINITY : (findInstant(notAfter) ?? Number.NaN);
}
