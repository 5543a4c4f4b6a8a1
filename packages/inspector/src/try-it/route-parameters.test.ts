import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fillRoute, hasOpenParameter, listParameters } from './route-parameters.js';

it('finds the parameters of a route, in the notations of Azure Functions', () => {
  const route = 'api/{id:int}/{name?}/{code:regex(^\\d{3}$)}/{size:range(1,5)?}/{*rest}';
  assert.deepEqual(
    listParameters(route).map(({ name, constraint, isOptional, isCatchAll }) => [
      name,
      constraint,
      isOptional,
      isCatchAll,
    ]),
    [
      ['id', 'int', false, false],
      ['name', undefined, true, false],
      ['code', 'regex(^\\d{3}$)', false, false],
      ['size', 'range(1,5)', true, false],
      ['rest', undefined, true, true],
    ],
  );
});

it('fills them in; a value cannot leave its segment', () => {
  assert.equal(fillRoute('api/orders/{id:int}', { id: '7' }), '/api/orders/7');
  assert.equal(fillRoute('/api/orders/{id}', { id: 'a/b?c' }), '/api/orders/a%2Fb%3Fc');
  assert.equal(fillRoute('/api/files/{*path}', { path: 'a/b c' }), '/api/files/a/b%20c');
});

it('what may be left out is; the rest stays open', () => {
  assert.equal(fillRoute('/api/exports/{year?}', {}), '/api/exports');
  assert.equal(fillRoute('/api/files/{*path}', {}), '/api/files');
  assert.equal(fillRoute('/', {}), '/');
  const open = fillRoute('/api/orders/{id:int}', {});
  assert.ok(hasOpenParameter(open), open);
  assert.ok(!hasOpenParameter('/api/orders/7'));
});
