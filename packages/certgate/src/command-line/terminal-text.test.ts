import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeControls, formatLogText } from './output.js';

test('control characters become visible, lines stay lines', () => {
  assert.equal(escapeControls('a\n\tb\u001b[2Jc\u0007\u009bd'), 'a\n\tb\\x1b[2Jc\\x07\\x9bd');
});

test('a line of a log that holds a line end does not become two; colours stay', () => {
  assert.equal(formatLogText('x\n[gate] allowed\r\u001b[A'), 'x\n    [gate] allowed\\x0d\\x1b[A');
  assert.equal(formatLogText('\u001b[31mred\u001b[0m\u001b[2J'), '\u001b[31mred\u001b[0m\\x1b[2J');
});
