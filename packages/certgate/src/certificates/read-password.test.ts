import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import { parsePassword } from './password.js';

test('the line end is not part of a password, but spaces are', () => {
  for (const [text, password] of [
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    [' secret ', ' secret '],
    ['Grüße 🔑\n', 'Grüße 🔑'],
    ['\ufeffsecret\n', 'secret'],
    ['', ''],
    ['\n', ''],
  ] as const) {
    assert.equal(parsePassword(Buffer.from(text), 'x'), password);
  }
  // PowerShell 5 writes UTF-16: "secret" > file
  assert.equal(parsePassword(Buffer.from('\ufeffsecret\r\n', 'utf16le'), 'x'), 'secret');
});

test('what can only be the wrong file is refused as a password', () => {
  for (const bytes of [
    Buffer.from('a\nb\n'),
    Buffer.from('a\n\n'),
    Buffer.from('a\0b'),
    Buffer.from([0x61, 0xff]),
    Buffer.alloc(1025, 'x'),
  ]) {
    assert.throws(() => parsePassword(bytes, 'x'), ToolFailure);
  }
});
