import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { filterEvents } from './live-filter.js';

const kinds: readonly Partial<LiveEvent>[] = [
  { path: '/api/orders/1042', status: 401, verdict: 'denied', code: 'certificate_missing' },
  { path: '/api/orders/1042/refund', status: 403, identityName: 'warehouse', verdict: 'denied', code: 'role_missing' },
  { path: '/api/health', status: 200, verdict: 'open' },
  { path: '/api/orders/7', status: 200, identityName: 'billing', verdict: 'allowed', code: 'allowed' },
];
const events = Array.from({ length: 64 }, (_, id): LiveEvent => {
  const nothing = { functionName: null, identityName: null, thumbprintSha256: null, code: null, detail: null };
  const base = { ...nothing, id, time: '', method: 'GET', answeredBy: 'app', durationMilliseconds: 1 };
  return { ...base, ...kinds[id % kinds.length], correlationId: `${4096 + id}-93d1-4e0a` } as LiveEvent;
});

function count(text: string): number {
  return filterEvents(events, { text, verdicts: [] }).length;
}

it('the filter finds one request by its correlation id, or by a part of it', () => {
  const wanted = events[20]!;
  assert.deepEqual(filterEvents(events, { text: wanted.correlationId!, verdicts: [] }), [wanted]);
  assert.deepEqual(filterEvents(events, { text: `id:${wanted.correlationId!.slice(0, 8)}`, verdicts: [] }), [wanted]);
});

it('the filter finds a request only if each word occurs in some column', () => {
  const found = filterEvents(events, { text: 'refund ROLE_MISSING warehouse', verdicts: [] });
  assert.ok(found.length > 0);
  for (const { path, code } of found) assert.deepEqual([path, code], ['/api/orders/1042/refund', 'role_missing']);
});

it('a word that begins with the name of a column is looked up only in that column', () => {
  assert.equal(count('status:401'), events.filter(({ status }) => status === 401).length);
  assert.equal(count('caller:refund'), 0);
  assert.ok(count('path:refund') > 0);
  // The names of properties that every object inherits are not columns.
  assert.equal(count('constructor:x'), 0);
});

it('a request with any of the chosen verdicts is shown; without a chosen verdict, every request is', () => {
  const found = filterEvents(events, { text: '', verdicts: ['denied', 'open'] });
  assert.deepEqual(new Set(found.map(({ verdict }) => verdict)), new Set(['denied', 'open']));
  assert.equal(filterEvents(events, { text: '  ', verdicts: [] }), events);
});
