import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type ApiFault, createApi, takeToken } from './api.js';

it('every request sends the token', async () => {
  const seen: [string, RequestInit | undefined][] = [];
  const api = createApi('secret', (url, init) => {
    seen.push([url instanceof Request ? url.url : url.toString(), init]);
    return Promise.resolve(Response.json({}));
  });
  await api.getState();
  await api.runMatrix();
  assert.deepEqual(seen, [
    ['api/state', { headers: { 'x-certgate-inspector': 'secret' } }],
    [
      'api/matrix',
      {
        method: 'POST',
        headers: { 'x-certgate-inspector': 'secret', 'content-type': 'application/json' },
        body: '{}',
      },
    ],
  ]);
});

it('a refusal has the message of the tool, and says whether the token is stale', async () => {
  for (const [status, isStale] of [
    [401, true],
    [403, true],
    [413, false],
  ] as const) {
    const api = createApi('old', () => Promise.resolve(Response.json({ message: 'Because.' }, { status })));
    await assert.rejects(
      api.getTrust(),
      (fault: ApiFault) => fault.message === 'Because.' && fault.isStale === isStale,
    );
  }
});

it('without an answer, or with one that is not JSON, the fault has a message for the user', async () => {
  const gone = createApi('x', () => Promise.reject(new TypeError('fetch failed')));
  await assert.rejects(gone.getState(), (fault: ApiFault) => /still running/.test(fault.message) && !fault.isStale);
  const strange = createApi('x', () => Promise.resolve(new Response('<html>', { status: 502 })));
  await assert.rejects(strange.getState(), /502/);
});

function createStorage(): Pick<Storage, 'getItem' | 'setItem'> {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
}

it('the token is removed from the address, and is still known after a reload', () => {
  const storage = createStorage();
  const replaced: string[] = [];
  assert.equal(
    takeToken({ hash: '#token=abc-123' }, storage, (hash) => replaced.push(hash)),
    'abc-123',
  );
  assert.deepEqual(replaced, ['#/']);
  assert.equal(
    takeToken({ hash: '#/live' }, storage, (hash) => replaced.push(hash)),
    'abc-123',
  );
  assert.deepEqual(replaced, ['#/']);
});

it('without a token in the address or the storage, `takeToken` returns undefined', () => {
  for (const hash of ['', '#/try', '#token=', '#/token=abc']) {
    assert.equal(
      takeToken({ hash }, createStorage(), () => assert.equal(hash, 'not replaced')),
      undefined,
      hash,
    );
  }
});
