import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './test-support/certgate.js';

interface Explanation {
  readonly file: string;
  readonly reason: string;
  readonly mutants: readonly (readonly [code: string, replacement: string, at?: number])[];
}

test('each explained mutant still replaces something in its file, and has one reason', async () => {
  const url = pathToFileURL(join(root, 'proof', 'mutation', 'explanations.mjs')).href;
  const { explanations, findPlaces } = (await import(url)) as {
    readonly explanations: readonly Explanation[];
    readonly findPlaces: (text: string, code: string) => readonly number[];
  };
  const seen = new Set<string>();
  for (const { file, reason, mutants } of explanations) {
    const text = readFileSync(join(root, file), 'utf8');
    assert.match(reason, /^\S.{20,}\.$/s, `${file}: ${reason}`);
    for (const [code, replacement, at = 1] of mutants) {
      const name = JSON.stringify([file, code, replacement, at]);
      assert.ok(findPlaces(text, code).length >= at, `${name}: the file no longer has this.`);
      assert.notEqual(code, replacement, name);
      assert.ok(!seen.has(name), `${name} is explained twice.`);
      seen.add(name);
    }
  }
});
