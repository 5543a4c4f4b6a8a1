import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatRegister, parseRegister, type AuthorityRegister } from './authority-register.js';
import { releaseCertificate, revokeCertificate } from './revoke-certificate.js';

const instant = '2026-03-01T12:00:00Z';
const now = new Date('2026-03-02T12:00:00.900Z');
const register: AuthorityRegister = {
  version: 1,
  parent: null,
  list: { number: 3, thisUpdate: instant, nextUpdate: '2026-03-08T12:00:00Z' },
  issued: [
    {
      serialNumber: '4A01',
      kind: 'end-entity',
      subject: 'CN=billing',
      notBefore: instant,
      notAfter: '2026-06-01T12:00:00Z',
      thumbprintSha256: 'AB'.repeat(32),
    },
  ],
  revoked: [{ serialNumber: '4A02', revokedAt: instant, reason: 'certificateHold' }],
};

describe('the register of an authority', () => {
  test('is read as it was written', () => {
    assert.deepEqual(parseRegister(formatRegister(register), 'register.json'), register);
  });

  test('is refused if any of its values is missing or has another type', () => {
    const paths = listPaths(register);
    assert.ok(paths.length > 15);
    for (const path of paths) {
      for (const value of [undefined, false, -0.5, 'x y', {}]) {
        const damaged = JSON.stringify(replaceAt(register, path, value));
        const isText = /subject|thumbprint|parent/.test(path.join('.')) && typeof value === 'string';
        if (isText) continue;
        assert.throws(
          () => parseRegister(damaged, 'register.json'),
          /is damaged/,
          `${path.join('.')} ${JSON.stringify(value)}`,
        );
      }
    }
  });

  test('is refused if it is cut short anywhere', () => {
    const text = formatRegister(register).trimEnd();
    fc.assert(
      fc.property(fc.nat(text.length - 1), (length) => {
        assert.throws(() => parseRegister(text.slice(0, length), 'register.json'), /is damaged/);
      }),
    );
  });
});

describe('a revocation', () => {
  test('needs the certificate itself if the register does not list it', () => {
    const request = { serialNumber: '77', reason: 'keyCompromise', now } as const;
    assert.throws(() => revokeCertificate(register, { ...request, isProven: false }), /has no certificate 77/);
    assert.equal(revokeCertificate(register, { ...request, isProven: true }).register.revoked.length, 2);
  });

  test('keeps its first time, in whole seconds, and takes the latest reason', () => {
    const first = revokeCertificate(register, { serialNumber: '4A01', reason: 'unspecified', now, isProven: false });
    assert.deepEqual(first.entry, { serialNumber: '4A01', revokedAt: '2026-03-02T12:00:00Z', reason: 'unspecified' });
    const later = new Date('2026-04-01T00:00:00Z');
    const second = revokeCertificate(first.register, {
      serialNumber: '4A01',
      reason: 'keyCompromise',
      now: later,
      isProven: false,
    });
    assert.deepEqual(second.entry, { ...first.entry, reason: 'keyCompromise' });
    assert.equal(second.register.revoked.length, 2);
  });

  test('can be ended only if it is a hold', () => {
    assert.deepEqual(releaseCertificate(register, '4A02').register.revoked, []);
    assert.throws(() => releaseCertificate(register, '4A01'), /is not revoked/);
    const { register: revoked } = revokeCertificate(register, {
      serialNumber: '4A02',
      reason: 'superseded',
      now,
      isProven: true,
    });
    assert.throws(() => releaseCertificate(revoked, '4A02'), /and stays revoked/);
  });

  test('is never changed to a hold if a key was compromised', () => {
    const compromised = revokeCertificate(register, {
      serialNumber: '4A01',
      reason: 'keyCompromise',
      now,
      isProven: false,
    });
    assert.throws(
      () =>
        revokeCertificate(compromised.register, {
          serialNumber: '4A01',
          reason: 'certificateHold',
          now,
          isProven: true,
        }),
      /permanently/,
    );
  });
});

function listPaths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, each]) => listPaths(each, [...path, key]));
  return path.length === 0 || Array.isArray(value) ? below : [path, ...below];
}

function replaceAt(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaceAt(copy[key], rest, by);
  return copy;
}
