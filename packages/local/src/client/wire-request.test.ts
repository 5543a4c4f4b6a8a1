import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { sendWireRequest, tlsOptions } from './wire-request.js';

test('requests of one caller share what TLS read of its certificate, but not with another version of TLS', () => {
  const url = new URL('https://localhost');
  const readContext = (tlsVersion?: 'TLSv1.2'): unknown =>
    tlsOptions({ url, ...(tlsVersion === undefined ? {} : { tlsVersion }) }, []).secureContext;
  assert.ok(readContext() !== undefined);
  assert.equal(readContext(), readContext());
  assert.notEqual(readContext(), readContext('TLSv1.2'));
});

test('every alert of TLS is a refusal, also one whose name in OpenSSL lacks the word', async (context) => {
  const alerts = { 112: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 40: 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE' };
  for (const [alert, code] of Object.entries(alerts)) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      // An alert record of TLS 1.2 that is fatal (RFC 5246 §7.2).
      socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, Number(alert)])));
    });
    context.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    assert.deepEqual(await sendWireRequest({ url, method: 'GET', fields: [], timeoutMilliseconds: 60_000 }), {
      kind: 'tls-refused',
      code,
    });
  }
});
