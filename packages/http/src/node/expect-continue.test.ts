import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it } from 'node:test';
import { type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { fieldsOf, operator, trustDocument } from '../test-support/gate-stage.js';
import { close, converse, start, write } from '../test-support/server-stage.js';

describe('secureServer and callers who wait for 100 Continue', () => {
  it('asks no refused caller for its body, and lets an admitted one send it', async (context) => {
    const { server, port } = await start(context, () => undefined);
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      request.pipe(response);
    });
    const expecting = { expect: '100-continue', 'content-length': '4', ...close };
    const refused = await converse(port, write('POST /', expecting));
    assert.match(refused, /^HTTP\/1\.1 401 /);
    const admitted = await converse(port, write('POST /', { ...expecting, ...fieldsOf(operator) }, 'body'));
    assert.match(admitted, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*body/);
  });

  it('does not answer 100 Continue to a refused caller if the app does not listen for it', async (context) => {
    const echo: RequestListener = (request, response) => request.pipe(response);
    const { port } = await start(context, echo, { allowAnonymous: ['POST /open'] });
    const expecting = { expect: '100-continue', 'content-length': '4', ...close };
    const refused = await converse(port, write('POST /', expecting));
    assert.match(refused, /^HTTP\/1\.1 401 /);
    assert.match(refused, /\r\nconnection: close\r\n/i);
    for (const request of [
      write('POST /', { ...expecting, ...fieldsOf(operator) }, 'body'),
      write('POST /open', expecting, 'body'),
    ])
      assert.match(await converse(port, request), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*body/);
    const other = { ...expecting, expect: 'something-else' };
    assert.match(await converse(port, write('POST /', other)), /^HTTP\/1\.1 417 /);
  });

  it('leaves Expect to the listeners of the app, whenever they were added', async (context) => {
    const known = trustStoreFromDocument(trustDocument);
    const late: TrustStore = { find: (...args) => Promise.resolve(known.find(...args)) };
    let runs = 0;
    const { server, port } = await start(context, () => (runs += 1), { trustStore: late });
    server.on('checkContinue', (_request, response) => {
      response.writeHead(413, close).end();
    });
    const expecting = { expect: '100-continue', 'content-length': '4', ...close };
    assert.match(await converse(port, write('POST /', expecting)), /^HTTP\/1\.1 401 /);
    assert.match(await converse(port, write('POST /', { ...expecting, ...fieldsOf(operator) })), /^HTTP\/1\.1 413 /);
    assert.equal(runs, 0);
  });
});
