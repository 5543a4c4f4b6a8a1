import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeInvisible, replaceInvisible, shortenText } from './shown-text.js';

test('a text is shortened to 200 characters, and never to half of one', () => {
  assert.equal(shortenText('a'.repeat(200)), 'a'.repeat(200));
  assert.equal(shortenText('a'.repeat(201)), `${'a'.repeat(200)}…`);
  assert.equal(shortenText(`${'é'.repeat(199)}\u{1f600}`), `${'é'.repeat(199)}…`);
  // A half character that was in the text before stays.
  assert.equal(shortenText(`\ud800${'a'.repeat(200)}`), `\ud800${'a'.repeat(199)}…`);
});

test('characters that are invisible or break a line are shown as escapes', () => {
  for (const [text, shown] of [
    ['', ''],
    ['a ~', 'a ~'],
    ['é…', 'é…'],
    ['a\nb', 'a\\u{a}b'],
    ['\u001b[31m\u007f', '\\u{1b}[31m\\u{7f}'],
    ['\u2028\u2029\u200b\u202e', '\\u{2028}\\u{2029}\\u{200b}\\u{202e}'],
    ['\ud800é', '\\u{d800}é'],
    ['\u{e0001}\u{1f600}', '\\u{e0001}\u{1f600}'],
  ] as const)
    assert.equal(escapeInvisible(text), shown);
  assert.equal(
    replaceInvisible('a\n\tb', (character) => `<${character.length}>`),
    'a<1><1>b',
  );
});
