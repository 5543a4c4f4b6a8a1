import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { basename, join, win32 } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';
import { checkCertificateName } from './certificate-name.js';

test('names that would leave the folder, or that some system refuses, are refused', () => {
  const names = [
    '', '.', '..', '../x', 'a/b', 'a\\b', 'C:x', '.hidden', '-x', 'nul', 'COM1.x', 'lpt9', 'trailing.', 'trailing ', ' lead',
    'line\nbreak', 'nul\0', 'x'.repeat(65), 'a:b', 'a*', 'rtl\u202egpj', 'zero\u200bwidth', 'tab\t',
  ]; // prettier-ignore
  for (const name of names) {
    assert.throws(() => checkCertificateName(name), ToolFailure, JSON.stringify(name));
  }
});

test('names that people use are accepted', () => {
  for (const name of ['billing', 'orders-api_2.prod', 'Grüße', 'Jane Doe', 'console', 'a@b', '注文', 'x'.repeat(64)]) {
    assert.equal(checkCertificateName(name), name);
  }
});

test('an accepted name stays in its folder, on POSIX and on Windows', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (name) => {
      try {
        checkCertificateName(name);
      } catch {
        return;
      }
      assert.equal(basename(join('/folder', `${name}.pfx`)), `${name}.pfx`);
      assert.equal(win32.dirname(win32.join('C:\\folder', `${name}.pfx`)), 'C:\\folder');
    }),
    { numRuns: 2000 },
  );
});
