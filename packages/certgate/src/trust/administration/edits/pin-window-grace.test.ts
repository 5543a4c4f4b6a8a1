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

test('it begins now, or with the pin, and the rest of the pin stays', () => {
  const until = '2027-03-01T00:00:00Z';
  assert.deepEqual(change(until), graceOf('2027-01-01T12:00:00Z', until));
  const later = { ...pin, notBefore: '2027-02-01T00:00:00Z' };
  assert.equal(change(until, later).acceptWithoutClientAuth?.since, later.notBefore);
  assert.deepEqual(change(null, change(until)), pin);
});

test('while it runs, its 90 days do not start again; one that is over does not shorten the next', () => {
  const old = graceOf('2026-12-01T00:00:00Z', '2027-01-02T00:00:00Z');
  assert.deepEqual(change('2027-03-01T00:00:00Z', old), graceOf('2026-12-01T00:00:00Z', '2027-03-01T00:00:00Z'));
  assert.throws(() => change('2027-03-02T00:00:00Z', old), /90 days at most/);
  const over = Date.parse('2027-01-02T00:00:00Z');
  assert.equal(change('2027-03-02T00:00:00Z', old, over).acceptWithoutClientAuth?.since, '2027-01-02T00:00:00Z');
});

test('it lasts 90 days at most, ends later than it begins, and needs no authority', () => {
  assert.ok(change('2027-04-01T12:00:00Z').acceptWithoutClientAuth);
  assert.throws(
    () => change('2027-04-01T12:00:01Z'),
    /can't accept that until 2027-04-01T12:00:01Z: .*90 days at most/,
  );
  assert.throws(() => change('2027-01-01T12:00:00Z'), /never applies/);
  assert.throws(() => change('2027-03-01T00:00:00Z', { ...pin, issuedBy: 'corp' }), /has an authority \(issuedBy\)/);
});
