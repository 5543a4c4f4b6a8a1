import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RegisteredCallback } from '../worker/app-context.js';
import { createRoutes, findRoute } from './router.js';

it('an empty list of methods matches no request, and conflicts with every function of the same route', () => {
  const register = (name: string, methods: readonly string[]): RegisteredCallback =>
    ({ metadata: { name, bindings: { request: { type: 'httpTrigger', route: 'same', methods } } } }) as never;
  const routes = createRoutes([register('Never', [])], 'api');
  for (const method of ['GET', 'POST', 'OPTIONS']) assert.equal(findRoute(routes, method, '/api/same'), undefined);
  assert.throws(() => createRoutes([register('Never', []), register('Reading', ['GET'])], 'api'), /the same route/);
  assert.equal(createRoutes([register('Writing', ['POST']), register('Reading', ['GET'])], 'api').length, 2);
});
