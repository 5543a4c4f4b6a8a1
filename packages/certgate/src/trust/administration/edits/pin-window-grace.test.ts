import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustDocumentPin } from '@certgate/core/internal';
import { withClientAuthGrace } from './pin-window.js';

const pin: TrustDocumentPin = { thumbprintSha256: 'A'.repeat(64), notAfter: '2030-01-01T00:00:00Z' };
const now = Date.parse('2027-01-01T12:00:00.750Z');
const change = (until: string | null, of: TrustDocumentPin = pin, at: number = now): TrustDocumentPin =>
  withClientAuthGrace(of, { until, reason: 'renewal', now: at });
const graceOf = (since: string, until: string): TrustDocumentPin => ({
  ...pin,
  acceptWithoutClientAuth: { since, until, reason: 'renewal' },
});

test('the grace period begins now, or with the pin, and changes nothing else of the pin', () => {
  const until = '2027-03-01T00:00:00Z';
  assert.deepEqual(change(until), graceOf('2027-01-01T12:00:00Z', until));
  const later = { ...pin, notBefore: '2027-02-01T00:00:00Z' };
  assert.equal(change(until, later).acceptWithoutClientAuth?.since, later.notBefore);
  assert.deepEqual(change(null, change(until)), pin);
});

test('a running grace keeps the start of its 90 days, and one that is over does not shorten the next', () => {
  const old = graceOf('2026-12-01T00:00:00Z', '2027-01-02T00:00:00Z');
  assert.deepEqual(change('2027-03-01T00:00:00Z', old), graceOf('2026-12-01T00:00:00Z', '2027-03-01T00:00:00Z'));
  assert.throws(() => change('2027-03-02T00:00:00Z', old), /90 days at most/);
  const over = Date.parse('2027-01-02T00:00:00Z');
  assert.equal(change('2027-03-02T00:00:00Z', old, over).acceptWithoutClientAuth?.since, '2027-01-02T00:00:00Z');
});

test('a grace period lasts at most 90 days, must end later than it begins, and is refused for a pin with an authority', () => {
  assert.ok(change('2027-04-01T12:00:00Z').acceptWithoutClientAuth);
  assert.throws(
    () => change('2027-04-01T12:00:01Z'),
    /can't accept that until 2027-04-01T12:00:01Z: .*90 days at most/,
  );
  assert.throws(() => change('2027-01-01T12:00:00Z'), /never applies/);
  assert.throws(() => change('2027-03-01T00:00:00Z', { ...pin, issuedBy: 'corp' }), /has an authority \(issuedBy\)/);
});
