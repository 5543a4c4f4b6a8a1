import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { listSpellings } from './altered-probes.js';

describe('other spellings of a path', () => {
  it('are paths that a server or proxy on the way may take for the same path', () => {
    assert.deepEqual(
      listSpellings('/api/Orders').map(([, path]) => path),
      [
        '/api/Orders/',
        '/API/ORDERS',
        '/api/orders',
        '/api/%4frders',
        '/api/%4Frders',
        '/api/%254Frders',
        '/api//Orders',
        '//api/Orders',
        '/api/Orders;x',
        '/api/./Orders',
        '/x/../api/Orders',
        '/api/Orders.css',
        '/api/Orders/x.css',
      ],
    );
  });

  it('property: each spelling is a path, and differs from the path itself', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9._~;@-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const pathname = `/${segments.join('/')}`;
        for (const [sent, path] of listSpellings(pathname)) {
          assert.ok(path.startsWith('/'), sent);
          assert.notEqual(path, pathname, sent);
        }
      }),
    );
  });
});
