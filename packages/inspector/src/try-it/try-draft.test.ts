import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleApp } from '../fixture-server/sample-app.js';
import { parseHeaders } from './header-lines.js';
import { chooseFunction, createDraft, listMethods, readDraft } from './try-draft.js';

const draft = createDraft(sampleApp)!;

it('starts with a closed function and a caller that is refused', () => {
  assert.deepEqual([draft.functionName, draft.callerId, draft.method], ['GetOrder', 'denied', 'GET']);
});

it('sends nothing while the form is wrong, and says what is', () => {
  for (const [part, fault] of [
    [{}, /braces/],
    [{ target: 'https://elsewhere.example/' }, /slash/],
    [{ target: '/api/health', headers: 'x-ok: 1\nno header' }, /no header/],
  ] as const) {
    const read = readDraft({ ...draft, ...part });
    assert.match('fault' in read ? read.fault : '', fault);
  }
});

it('a dropped file takes the place of the caller', () => {
  const file = { name: 'a.pfx', base64: 'AA==', password: 'x' };
  const read = readDraft({ ...draft, target: '/api/orders/1', headers: 'X-A: 1', body: 'b', file });
  assert.deepEqual(read, {
    request: {
      functionName: 'GetOrder',
      method: 'GET',
      target: '/api/orders/1',
      headers: [['X-A', '1']],
      body: 'b',
      caller: { file },
    },
  });
});

it('a function is called by a method that it has', () => {
  const refund = sampleApp.functions.find(({ name }) => name === 'Refund')!;
  assert.equal(chooseFunction(refund, 'GET').method, 'POST');
  assert.ok(listMethods({ ...refund, methods: [] }).includes('DELETE'));
});

it('headers are read line by line', () => {
  assert.deepEqual(parseHeaders('A: 1\n\n b:  x: y \n'), {
    headers: [
      ['A', '1'],
      ['b', 'x: y'],
    ],
    fault: undefined,
  });
  assert.match(parseHeaders('GET / HTTP/1.1').fault ?? '', /no header/);
});
