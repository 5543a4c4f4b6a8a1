import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tlsOptions } from './wire-request.js';

test('requests of one caller share what TLS read of its certificate, but not with another version of TLS', () => {
  const url = new URL('https://localhost');
  const readContext = (tlsVersion?: 'TLSv1.2'): unknown =>
    tlsOptions({ url, ...(tlsVersion === undefined ? {} : { tlsVersion }) }, []).secureContext;
  assert.ok(readContext() !== undefined);
  assert.equal(readContext(), readContext());
  assert.notEqual(readContext(), readContext('TLSv1.2'));
});
