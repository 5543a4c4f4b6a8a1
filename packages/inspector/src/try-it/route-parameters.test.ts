import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fillRoute, hasOpenParameter, listRouteParameters } from './route-parameters.js';

it('the parameters of a route are found, in every notation of Azure Functions', () => {
  const route = 'api/{id:int}/{name?}/{code:regex(^\\d{3}$)}/{size:range(1,5)?}/{*rest}';
  assert.deepEqual(
    listRouteParameters(route).map(({ name, constraint, isOptional, isCatchAll }) => [
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

it('parameters are filled in, and a value cannot reach beyond its segment', () => {
  assert.equal(fillRoute('api/orders/{id:int}', { id: '7' }), '/api/orders/7');
  assert.equal(fillRoute('/api/orders/{id}', { id: 'a/b?c' }), '/api/orders/a%2Fb%3Fc');
  assert.equal(fillRoute('/api/files/{*path}', { path: 'a/b c' }), '/api/files/a/b%20c');
});

it('an optional parameter without a value is left out, and a required one keeps its braces', () => {
  assert.equal(fillRoute('/api/exports/{year?}', {}), '/api/exports');
  assert.equal(fillRoute('/api/files/{*path}', {}), '/api/files');
  assert.equal(fillRoute('/', {}), '/');
  const open = fillRoute('/api/orders/{id:int}', {});
  assert.ok(hasOpenParameter(open), open);
  assert.ok(!hasOpenParameter('/api/orders/7'));
});
