import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './test-support/certgate.js';

// Tests the wording patterns that the linters refuse in pages and messages (tools/prose-patterns.json), each with a bad
// sentence, and a good one that says the same.

interface ProsePattern {
  readonly pattern: string;
  readonly instead: string;
  readonly bad: string;
  readonly good: string;
}

const patterns = JSON.parse(
  readFileSync(join(root, 'tools', 'prose-patterns.json'), 'utf8'),
) as readonly ProsePattern[];

describe('the prose patterns', () => {
  for (const { pattern, bad, good } of patterns) {
    it(`find "${bad}"`, () => {
      assert.match(bad, new RegExp(pattern, 'iu'));
    });

    it(`leave "${good}"`, () => {
      const found = patterns.filter((each) => new RegExp(each.pattern, 'iu').test(good));
      assert.deepEqual(found, []);
    });
  }
});
