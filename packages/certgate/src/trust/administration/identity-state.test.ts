import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findStanding, parseTrustDocument } from '@certgate/core/internal';
import { now } from '@certgate/x509/test-support/certificates.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { issue } from '@certgate/x509/test-support/revocation.js';
import { describeEntryState, describeIdentityState, findEarliestEnd } from './identity-state.js';

const pin = (digit: string, more: object = {}): object => ({ thumbprintSha256: digit.repeat(64), ...more });
const iso = (at: number): string => new Date(at).toISOString();
const ended = { notAfter: iso(now) };

function describeStates(identity: object, more: object = {}): readonly (string | undefined)[] {
  const identities = [{ name: 'a', roles: [], ...identity }];
  const snapshot = parseTrustDocument({ schemaVersion: 1, revision: 1, identities, ...more });
  const standing = findStanding(snapshot, snapshot.identities[0]!, now);
  const end = findEarliestEnd(standing, now);
  return [
    describeIdentityState(standing),
    standing.entries.map(describeEntryState).join(', '),
    end === undefined ? undefined : iso(end),
  ];
}

describe('the state of an identity and of its pins', () => {
  for (const [what, identity, more, expected] of [
    ['no entry', {}, {}, ['no usable pin or name', '']],
    ['no entry, disabled', { enabled: false }, {}, ['disabled', '']],
    ['a pin that goes on', { pins: [pin('A'), pin('B', { enabled: false })] }, {}, ['active', 'active, disabled']],
    ['the only pin is denied', { pins: [pin('A')] }, { denied: [pin('A')] }, ['denied', 'denied']],
    [
      'several reasons',
      { pins: [pin('A'), pin('B', ended)] },
      { denied: [pin('A')] },
      ['no usable pin or name', 'denied, ended'],
    ],
    ['a pin to come', { pins: [pin('A', { notBefore: iso(now + 1) })] }, {}, ['no usable pin or name', 'not yet']],
    ['disabled', { enabled: false, pins: [pin('A')] }, {}, ['disabled', 'identity disabled']],
    ['ended', { expiresAt: iso(now), pins: [pin('A')] }, {}, ['ended', 'identity ended']],
    ['locked', { pins: [pin('A')] }, { locked: { since: iso(now), by: 'b', reason: 'r' } }, ['locked', 'locked']],
  ] as const) {
    it(`${what}: ${expected.join(' / ')}`, () => {
      assert.deepEqual(describeStates(identity, more), [...expected, undefined]);
    });
  }

  it('depends on the authority of a name, which may be over, not yet valid, denied, or valid until its end', () => {
    const root = (notBefore: string, notAfter: string) =>
      issue({ name: 'Corp root', key: 'p-256', notBefore, notAfter });
    const valid = root('20260101000000Z', '20280101000000Z');
    const authority = (...anchors: readonly { readonly der: Uint8Array }[]): object => ({
      authorities: [{ name: 'corp', trustAnchors: anchors.map(({ der }) => toPem(der)) }],
    });
    const describeName = (more: object): readonly unknown[] =>
      describeStates({ names: [{ issuedBy: 'corp', dns: 'a.example' }] }, more);
    const old = root('20250101000000Z', '20260101000000Z');
    const coming = root('20280101000000Z', '20290101000000Z');
    assert.deepEqual(describeName(authority(old)), ['authority ended', 'authority ended', undefined]);
    assert.deepEqual(describeName(authority(coming)), [
      'authority not yet',
      'authority not yet',
      '2029-01-01T00:00:00.000Z',
    ]);
    assert.deepEqual(describeName(authority(old, valid)), ['active', 'active', '2028-01-01T00:00:00.000Z']);
    const { thumbprintSha256 } = valid.certificate;
    assert.deepEqual(describeName({ ...authority(valid), denied: [{ thumbprintSha256 }] }), [
      'denied',
      'denied',
      undefined,
    ]);
  });
});
