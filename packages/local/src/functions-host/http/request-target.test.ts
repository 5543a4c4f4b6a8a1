import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRequestTarget } from './request-target.js';

const table: readonly (readonly [target: string, path: string, encodedPath: string, queryString: string])[] = [
  ['/', '/', '/', ''],
  ['/api/a?x=1?y', '/api/a', '/api/a', '?x=1?y'],
  ['/api/a?', '/api/a', '/api/a', ''],
  ['/a%20b', '/a b', '/a%20b', ''],
  ['/%61pi', '/api', '/api', ''],
  ['/a%2Fb', '/a%2Fb', '/a%2Fb', ''],
  ['/%C3%A9', '/é', '/%C3%A9', ''],
  ['/%FF', '/%FF', '/%FF', ''],
  ['/%20%FF', '/ %FF', '/%20%FF', ''],
  ['/%zz', '/%zz', '/%25zz', ''],
  ['/a/./b/../c', '/a/c', '/a/c', ''],
  ['/a/%2e%2E/b', '/b', '/b', ''],
  ['/../../a', '/a', '/a', ''],
  ['/a/..', '/', '/', ''],
  ['/a/.', '/a/', '/a/', ''],
  ['/.a/..b', '/.a/..b', '/.a/..b', ''],
  ['http://other.test/api?x', '/api', '/api', '?x'],
  ['https://other.test', '/', '/', ''],
];
for (const [target, path, encodedPath, queryString] of table) {
  test(`the target ${target} is taken apart`, () => {
    assert.deepEqual(parseRequestTarget(target), { path, encodedPath, queryString });
  });
}

test('invalid targets are refused', () => {
  for (const target of ['*', 'api', '/%00', '/a b', '/é', 'other.test:443']) {
    assert.equal(parseRequestTarget(target), undefined, target);
  }
});

test('a decoded path never has dot segments, and the encoded one leads to the same path', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a/.%2eEfF05]{0,16}$/), (text) => {
      const parsed = parseRequestTarget(`/${text}`);
      if (parsed === undefined) return;
      assert.ok(!parsed.path.split('/').some((segment) => segment === '.' || segment === '..'), parsed.path);
      assert.ok(parsed.path.startsWith('/'));
    }),
    { numRuns: 2000 },
  );
});
