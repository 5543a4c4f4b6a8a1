import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findThumbprint } from './thumbprint.js';
import { countRuns } from '../test-support/random-runs.js';

const sha1 = '0123456789ABCDEF0123456789ABCDEF01234567';
const sha256 = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
const colons = (text: string): string => text.replace(/(..)(?!$)/g, '$1:');

describe('findThumbprint', () => {
  for (const [what, text] of [
    ['as it is', sha256],
    ['in lower case', sha256.toLowerCase()],
    ['with colons, as openssl prints it', colons(sha256)],
    ['with spaces, as the Windows dialog shows it', sha256.toLowerCase().replace(/(..)/g, '$1 ')],
    ['with the left-to-right mark that the Windows dialog puts in front', `\u200e${sha256}`],
    ['with a right-to-left mark behind', `${sha256}\u200f`],
    ['with a byte order mark', `\ufeff${sha256}`],
    [
      'with no-break spaces, zero-width spaces and a soft hyphen',
      `\u00a0${sha256.slice(0, 9)}\u200b\u00ad${sha256.slice(9)}`,
    ],
    ['over two lines', `${sha256.slice(0, 32)}\r\n${sha256.slice(32)}`],
  ] as const) {
    test(`reads one ${what}`, () => {
      assert.equal(findThumbprint(text, 'sha256'), sha256);
    });
  }

  for (const [what, text] of [
    ['one digit too few', sha256.slice(1)],
    ['one digit too many', `${sha256}0`],
    ['the other algorithm', sha1],
    ['a letter that is not a digit', sha256.replace('F', 'G')],
    ['a dash', sha256.replace('F', '-')],
    ['0x in front', `0x${sha256}`],
    ['the name in front', `SHA256:${sha256}`],
    ['full-width digits', sha256.replace('9', '９')],
    ['a ligature whose upper case is FF', `\ufb00${sha256.slice(2)}`],
    ['NUL', `\0${sha256}`],
    ['nothing', ''],
    ['separators alone', ':'.repeat(64)],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.equal(findThumbprint(text, 'sha256'), undefined);
    });
  }

  test('distinguishes the algorithms by length', () => {
    assert.equal(findThumbprint(colons(sha1), 'sha1'), sha1);
    assert.equal(findThumbprint(sha256, 'sha1'), undefined);
  });

  test('gives 64 upper-case digits of the text, or undefined', () => {
    const unit = fc.constantFrom(
      ...Array.from('0123456789abcdefABCDEF'),
      ' ',
      ':',
      '\u200e',
      '\u00ad',
      '\ufb00',
      'ﬁ',
      'g',
      'İ',
    );
    fc.assert(
      fc.property(fc.array(unit, { minLength: 60, maxLength: 70 }), (units) => {
        const found = findThumbprint(units.join(''), 'sha256');
        if (found === undefined) return;
        assert.match(found, /^[0-9A-F]{64}$/);
        assert.equal(
          found,
          units
            .filter((character) => /^[0-9a-fA-F]$/.test(character))
            .join('')
            .toUpperCase(),
        );
      }),
      { numRuns: countRuns(200) },
    );
  });
});
