import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type DenialCode, denialCodes, deny } from '../denial.js';
import type { DenialFacts } from '../denial-facts.js';
import { denialFacts } from '../test-support/denial-facts.js';
import { describeDenial } from './describe-denial.js';

/** If the codes and the types of their facts were not one list, one of these two lines would not compile. */
const ofFacts: Readonly<Record<keyof DenialFacts, DenialCode>> = {} as Readonly<Record<DenialCode, DenialCode>>;
const ofCodes: Readonly<Record<DenialCode, DenialCode>> = ofFacts;

describe('facts and a sentence for each code', () => {
  test('the codes, the types of facts and the sentences are one list', () => {
    assert.deepEqual(Object.keys(denialFacts), denialCodes);
    assert.deepEqual(ofCodes, ofFacts);
  });
  for (const code of denialCodes) {
    test(`${code}: any facts give a sentence, without a trace of JavaScript values`, () => {
      fc.assert(
        fc.property(denialFacts[code] as fc.Arbitrary<DenialFacts[DenialCode]>, (facts) => {
          const { detail } = deny(code, facts);
          assert.equal(detail, describeDenial(code, facts));
          assert.equal(typeof detail, 'string');
          // `undefined` may occur if the facts have it: in a text, or as a missing time.
          if (!JSON.stringify(facts).includes('undefined') && !('grace' in facts))
            assert.doesNotMatch(detail, /undefined|\[object/);
        }),
      );
    });
    test(`${code}: the facts are plain data that give the same sentence after a round trip through JSON`, () => {
      fc.assert(
        fc.property(denialFacts[code] as fc.Arbitrary<DenialFacts[DenialCode]>, (facts) => {
          const copy = JSON.parse(JSON.stringify(facts)) as DenialFacts[DenialCode];
          // JSON.stringify writes an infinite number as null.
          fc.pre(JSON.stringify(copy) === JSON.stringify(facts) && !JSON.stringify(facts).includes(':null'));
          assert.equal(describeDenial(code, copy), describeDenial(code, facts));
        }),
      );
    });
  }
});

test('a denial is valid without its sentence, and says why the sentence is missing', () => {
  const denial = deny('role_missing', {} as never, { identityName: 'a' });
  assert.deepEqual([denial.outcome, denial.code, denial.identityName], ['denied', 'role_missing', 'a']);
  assert.match(denial.detail, /^Refused for role_missing; the sentence about it could not be made: TypeError: ./);
});

test('the sentences are in a file of their own, which an app never loads unless it refuses somebody', () => {
  const dist = new URL('../../', import.meta.url);
  const files = readdirSync(dist).filter((name) => name.endsWith('.cjs'));
  const saying = files.filter((name) => readFileSync(new URL(name, dist), 'utf8').includes('; leave it in one.'));
  assert.deepEqual(saying, ['part-denial-sentences.cjs']);
});
