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
    // The rules that need types are in .oxlintrc.json.
    extends: [...tseslint.configs.strict],
    rules: {
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
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
