import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sendBytes } from '../test-support/clients.js';
import { withRawUpstream } from '../test-support/house.js';
import { OpensslFolder, type TestCertificate } from '../test-support/openssl-certificates.js';

const openssl = new OpensslFolder();
const client: TestCertificate = openssl.makeSelfSigned('client');
after(() => {
  openssl.remove();
});

const get = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test("response fields arrive unchanged, except hop-by-hop fields and the gateway's own, which the app can't forge", async () => {
  const answer = [
    'HTTP/1.1 299 My Reason',
    'Set-Cookie: a=1',
    'set-cookie: b=2',
    'X-Certgate-Gateway: client-certificate-required',
    'x_certgate_gateway: fake',
    'Connection: close, X-Private',
    'X-Private: 1',
    'Keep-Alive: timeout=9',
    'Proxy-Authenticate: Basic',
    'Trailer: X-Late',
    'Transfer-Encoding: chunked',
    'X-Bytes: \xe9',
    '',
    '3',
    'abc',
    '0',
    'X-Late: 1',
    '',
    '',
  ].join('\r\n');
  await withRawUpstream(answer, async ({ gateway }) => {
    const received = await sendBytes(gateway.port, client, get);
    assert.match(received, /^HTTP\/1\.1 299 My Reason\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Bytes: \xe9\r\n/);
    assert.doesNotMatch(received, /certgate.gateway|private|timeout=9|proxy-auth|trailer|late/i);
    assert.match(received, /\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
    assert.doesNotMatch(received, /\r\nDate:/);
  });
});

test('responses to HEAD and HTTP/1.0, and with 204 or 304, are framed for their client', async () => {
  await withRawUpstream('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n', async ({ gateway }) => {
    const received = await sendBytes(gateway.port, client, get.replace('GET', 'HEAD'));
    assert.match(received, /^HTTP\/1\.1 200 OK\r\nContent-Length: 1234\r\n[^]*\r\n\r\n$/);
  });
  for (const status of ['204 No Content', '304 Not Modified']) {
    await withRawUpstream(`HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`, async ({ gateway }) => {
      const received = await sendBytes(gateway.port, client, get);
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${status}\\r\\nETag: "x"\\r\\n`));
      assert.doesNotMatch(received, /chunked|\r\n\r\n./);
    });
  }
  await withRawUpstream(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    async ({ gateway }) => {
      const received = await sendBytes(gateway.port, client, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n');
      assert.doesNotMatch(received, /chunked/i);
      assert.match(received, /\r\n\r\nabc$/);
    },
  );
});
