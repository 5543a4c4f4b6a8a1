import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type DenialCode, denialCodes, deny } from '../denial.js';
import type { DenialFacts } from '../denial-facts.js';
import { denialFacts } from '../test-support/denial-facts.js';
import { describeDenial } from './describe-denial.js';

/** The codes, the types of their facts and the sentences are one list: else one of these two does not compile. */
const ofFacts: Readonly<Record<keyof DenialFacts, DenialCode>> = {} as Readonly<Record<DenialCode, DenialCode>>;
const ofCodes: Readonly<Record<DenialCode, DenialCode>> = ofFacts;

describe('of each code, there are facts and a sentence', () => {
  test('in one list', () => {
    assert.deepEqual(Object.keys(denialFacts), denialCodes);
    assert.deepEqual(ofCodes, ofFacts);
  });
  for (const code of denialCodes) {
    test(`${code}: whatever the facts are, there is a sentence, and nothing of the code's making is in it`, () => {
      fc.assert(
        fc.property(denialFacts[code] as fc.Arbitrary<DenialFacts[DenialCode]>, (facts) => {
          const { detail } = deny(code, facts);
          assert.equal(detail, describeDenial(code, facts));
          assert.equal(typeof detail, 'string');
          // `undefined` may stand where the facts have it, in a text or as a time that nobody gave.
          if (!JSON.stringify(facts).includes('undefined') && !('grace' in facts))
            assert.doesNotMatch(detail, /undefined|\[object/);
        }),
      );
    });
    test(`${code}: the facts are plain data, and the same after a way through JSON reads the same`, () => {
      fc.assert(
        fc.property(denialFacts[code] as fc.Arbitrary<DenialFacts[DenialCode]>, (facts) => {
          const copy = JSON.parse(JSON.stringify(facts)) as DenialFacts[DenialCode];
          // JSON has no infinity, no -0, and no half characters by themselves.
          fc.pre(JSON.stringify(copy) === JSON.stringify(facts) && !JSON.stringify(facts).includes(':null'));
          assert.equal(describeDenial(code, copy), describeDenial(code, facts));
        }),
      );
    });
  }
});

test('a denial stands without its sentence, too, and says why it has none', () => {
  const denial = deny('role_missing', {} as never, { identityName: 'a' });
  assert.deepEqual([denial.outcome, denial.code, denial.identityName], ['denied', 'role_missing', 'a']);
  assert.match(denial.detail, /^Refused for role_missing; the sentence about it could not be made: TypeError: ./);
});

test('the sentences are in a file of their own, which an app that refuses nobody never loads', () => {
  const dist = new URL('../../', import.meta.url);
  const files = readdirSync(dist).filter((name) => name.endsWith('.cjs'));
  const saying = files.filter((name) => readFileSync(new URL(name, dist), 'utf8').includes('; leave it in one.'));
  assert.deepEqual(saying, ['part-denial-sentences.cjs']);
});
