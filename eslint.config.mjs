import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import commentPatterns from './tools/eslint-rules/comment-patterns.mjs';

// The linters are installed in tools/, which has a lockfile of its own.
const tseslint = createRequire(new URL('tools/package.json', import.meta.url))('typescript-eslint');

/** The wording that strings and comments must not use. The prose linter looks for the same wording in the pages. */
const prosePatterns = JSON.parse(readFileSync(new URL('tools/prose-patterns.json', import.meta.url), 'utf8'));
/** One pattern for the selectors of ESLint. It must not contain a slash, which would end the pattern in a selector. */
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
      // Compiled without `strict`, like the templates of Azure Functions.
      'tests/types/commonjs/**',
    ],
  },
  {
    files: ['**/*.{ts,tsx,mts,cts,js,mjs,cjs}'],
    languageOptions: { parser: tseslint.parser },
    plugins: { certgate: { rules: { 'comment-patterns': commentPatterns } } },
    rules: { 'certgate/comment-patterns': 'error' },
  },
  {
    files: ['packages/*/src/**/*.{ts,tsx}', 'tests/**/*.ts', 'bench/**/*.ts', 'conformance/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        // One program checks nearly all files. With a program for each project, files that they share would be parsed
        // and checked for each of them.
        project: ['tsconfig.lint.json', 'tests/types/tsconfig.json', 'packages/inspector/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // A verification that is not awaited is a bypass.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      // The compiler refuses enums (erasableSyntaxOnly). This rule would search the types of all expressions for them.
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
        {
          selector: 'ObjectExpression > SpreadElement > ObjectExpression',
          message: 'Write the members out: the spread of a literal only saves lines.',
        },
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
    // Each of these files is the start of a process that must end even if the app in it doesn't.
    files: ['packages/local/src/functions-host/host-process.ts', 'packages/certgate/src/testing/app-process/main.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // Loads the Azure packages of an app that keeps trust in a blob. It must use `require`: `import()` fails in Jest,
    // and bundlers follow only `require`.
    files: ['packages/core/src/trust-sources/azure-blob-client.ts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^@azure/(?:storage-blob|identity)$'] }] },
  },
  {
    // The page's handlers are short arrow functions, and nothing uses the values that they return.
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
