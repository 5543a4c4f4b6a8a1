import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { makeVisible } from './visible-text.js';

it('characters that are invisible or change the direction of text are made visible', () => {
  assert.equal(makeVisible('a\u0000b\u001b[31m'), 'a\u2400b\u241b[31m');
  assert.equal(makeVisible('CN=\u202egnillib'), 'CN=⟨U+202E⟩gnillib');
  assert.equal(makeVisible('bil\u200bling\ufeff'), 'bil⟨U+200B⟩ling⟨U+FEFF⟩');
  assert.equal(makeVisible('\u007f\u0085'), '⟨U+007F⟩⟨U+0085⟩');
  assert.equal(makeVisible('bil\u{e0061}ling\u180e'), 'bil⟨U+E0061⟩ling⟨U+180E⟩');
  assert.equal(makeVisible('a\ud800b\ue000'), 'a⟨U+D800⟩b⟨U+E000⟩');
});

it('line feeds, tabs, markup and all other visible text stay as they are', () => {
  const text = '<img src=x>\n\t"ü" & 漢字 👍';
  assert.equal(makeVisible(text), text);
  assert.equal(makeVisible('a\r\nb\rc'), 'a\nb\u240dc');
});

it('every text in an answer is made visible, and other values stay as they are', () => {
  assert.deepEqual(makeVisible({ a: ['\u0001', 1, null, true], b: { c: '\u0002' } }), {
    a: ['\u2401', 1, null, true],
    b: { c: '\u2402' },
  });
});

it('a text that was made visible is not changed by making it visible again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(makeVisible(makeVisible(text)), makeVisible(text));
    }),
  );
});
