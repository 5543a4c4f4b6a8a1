import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import commentPatterns from './tools/eslint-rules/comment-patterns.mjs';

// The linters have a lockfile of their own.
const tseslint = createRequire(new URL('tools/package.json', import.meta.url))('typescript-eslint');

/** The wording that is retired. The prose linter looks for it in the pages. */
const prosePatterns = JSON.parse(readFileSync(new URL('tools/prose-patterns.json', import.meta.url), 'utf8'));
/** In a selector, a slash would end the pattern. */
const retiredPattern = prosePatterns.map(({ pattern }) => `(?:${pattern})`).join('|');
const retiredWords = prosePatterns.flatMap(({ pattern }) => /^\\b([a-z ]+)\\b$/.exec(pattern)?.[1] ?? []);

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      'coverage/**',
      '**/node_modules/**',
      '**/.certgate/**',
      'tests/apps/**',
      'tests/bundlers/**',
      'tests/users-tests/**',
      // Not strict, as the templates are.
      'tests/types/commonjs/**',
    ],
  },
  {
    files: ['**/*.{ts,tsx,mts,cts,js,mjs,cjs}'],
    languageOptions: { parser: tseslint.parser },
    plugins: { certgate: { rules: { 'comment-patterns': commentPatterns } } },
    // To be 'error' once the comments are reworded. What it finds then:
    // npm run lint -- code . --rule 'certgate/comment-patterns: error'
    rules: { 'certgate/comment-patterns': 'off' },
  },
  {
    files: ['packages/*/src/**/*.{ts,tsx}', 'tests/**/*.ts', 'bench/**/*.ts', 'conformance/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        // One program for nearly all files: with one for each project, what they share is parsed and checked in each.
        project: ['tsconfig.lint.json', 'tests/types/tsconfig.json', 'packages/inspector/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // An un-awaited verification is a bypass.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      // The compiler refuses enums (erasableSyntaxOnly); this rule would look for them in the types of all expressions.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'It cuts output short; set process.exitCode in cli.ts.' },
      ],
      'no-warning-comments': ['error', { terms: retiredWords, location: 'anywhere' }],
      'no-restricted-syntax': [
        'error',
        ...[`Literal[value=/${retiredPattern}/i]`, `TemplateElement[value.raw=/${retiredPattern}/i]`].map(
          (selector) => ({
            selector,
            message: 'tools/prose-patterns.json retires this wording, and names a better one.',
          }),
        ),
      ],
    },
  },
  {
    // Each is a process of its own, which must end even where the app it holds doesn't.
    files: ['packages/local/src/functions-host/host-process.ts', 'packages/certgate/src/testing/app-process/main.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // The packages of an app that keeps trust in a blob: `import()` fails in Jest, and bundlers follow only this.
    files: ['packages/core/src/trust-sources/azure-blob-client.ts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^@azure/(?:storage-blob|identity)$'] }] },
  },
  {
    // A page: its handlers are short, and what they return goes nowhere.
    files: ['packages/inspector/src/**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }] },
  },
  {
    // node:test's `test` and `describe` return promises that the runner itself awaits.
    files: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          ignoreVoid: false,
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
