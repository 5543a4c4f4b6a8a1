import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { InspectedApp, ShownFunction } from '../../../certgate/src/trust/views/page-views.js';
import { chooseFunction, createDraft, listMethods, parseHeaders, readDraft } from './try-draft.js';

const closed = { triggerType: 'httpTrigger', kind: 'certificate', isCovered: true, mayBeCalledUnasked: false } as const;
const http = { ...closed, mcp: null, policy: '', roles: [] };
const refund: ShownFunction = { ...http, name: 'Refund', route: '/api/refund', methods: ['POST'] };
const inputSchema = { type: 'object', properties: { id: { type: 'string' } } };
const tool: ShownFunction = {
  ...http,
  name: 'CancelOrder',
  route: '/runtime/webhooks/mcp',
  methods: ['POST'],
  mcp: { kind: 'tool', name: 'cancel_order', inputSchema },
};
const functions = [
  { ...http, name: 'Health', kind: 'anonymous', route: '/api/health', methods: [] } as const,
  { ...http, name: 'GetOrder', route: '/api/orders/{id:int}', methods: ['GET'] },
  ...[refund, tool],
];
const caller = {
  label: '',
  description: '',
  subject: null,
  thumbprintSha256: null,
  roles: [],
  isTrusted: false,
  isDropped: false,
};
const callers = ['none', 'denied', 'allowed'].map((id) => ({ ...caller, id }));
const app: InspectedApp = { url: 'https://localhost', frontEnd: 'app-service', functions, callers };
const draft = createDraft(app)!;

it('the form starts with a closed function and a caller that is refused', () => {
  assert.deepEqual([draft.functionName, draft.callerId, draft.method], ['GetOrder', 'denied', 'GET']);
});

it('a form with a mistake is not sent, and the fault says what is wrong', () => {
  for (const [part, fault] of [
    [{}, /braces/],
    [{ target: 'https://elsewhere.example/' }, /slash/],
    [{ target: '/api/health', headers: 'x-ok: 1\nno header' }, /not a header/],
  ] as const) {
    const read = readDraft({ ...draft, ...part });
    assert.match('fault' in read ? read.fault : '', fault);
  }
});

it('a form without a mistake is sent as the chosen caller', () => {
  const read = readDraft({ ...draft, target: '/api/orders/1', headers: 'X-A: 1', body: 'b' });
  assert.deepEqual(read, {
    request: {
      functionName: 'GetOrder',
      method: 'GET',
      target: '/api/orders/1',
      headers: [['X-A', '1']],
      body: 'b',
      caller: { id: 'denied' },
    },
  });
});

it('a function is called with a method that it supports', () => {
  assert.equal(chooseFunction(refund, draft).method, 'POST');
  assert.ok(listMethods({ ...refund, methods: [] }).includes('DELETE'));
});

it('an MCP tool gets a message with the names of its arguments, which the next function does not keep', () => {
  const typed = { ...draft, headers: 'x-a: 1', body: 'own' };
  assert.equal(chooseFunction(refund, typed).body, 'own');
  const call = chooseFunction(tool, typed);
  assert.deepEqual([call.method, call.target], ['POST', '/runtime/webhooks/mcp']);
  assert.deepEqual(JSON.parse(call.body), {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'cancel_order', arguments: { id: '' } },
  });
  const read = readDraft(call);
  assert.ok('request' in read && read.request.headers.some(([name]) => name === 'accept'));
  const next = chooseFunction(refund, call);
  assert.deepEqual([next.headers, next.body], ['', '']);
});

it('headers are read line by line', () => {
  assert.deepEqual(parseHeaders('A: 1\n\n b:  x: y \n'), {
    headers: [
      ['A', '1'],
      ['b', 'x: y'],
    ],
    fault: undefined,
  });
  assert.match(parseHeaders('GET / HTTP/1.1').fault ?? '', /not a header/);
});
