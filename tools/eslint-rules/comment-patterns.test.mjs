// Part of `npm run lint`, because `npm test` doesn't install ESLint.
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { RuleTester } from 'eslint';
import rule from './comment-patterns.mjs';

const patterns = JSON.parse(readFileSync(new URL('../comment-patterns.json', import.meta.url), 'utf8'));
Object.assign(RuleTester, { describe, it });

/** Functions that write a sentence in each place that the rule reads. */
const places = [
  (sentence) => `// ${sentence}`,
  // The sentence takes two lines, and follows another paragraph.
  (sentence) => `/**\n * Begins.\n *\n * ${sentence.replace(' ', '\n * ')}\n */`,
  (sentence) => `/** @returns ${sentence} */`,
  // Only the text of a sample for the rule. It is linted and never run, so no test is skipped.
  (sentence) => `it.skip(${JSON.stringify(sentence)}, () => {});`,
];

new RuleTester().run('comment-patterns', rule, {
  valid: [
    ...patterns.flatMap(({ good }) => places.map((write) => write(good))),
    '// Sets `undefined: nothing is known` and goes on.',
    'log("Of the gateway.");',
  ],
  invalid: patterns.flatMap(({ name, instead, bad }) =>
    places.map((write) => ({
      code: write(bad),
      errors: [{ message: RegExp(`\\(${name}\\): write `) }],
      name: write(bad),
    })),
  ),
});
