import assert from 'node:assert/strict';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { createServerCertificate } from './self-signed-certificate.js';
import { createTemporaryFolder, tryOpenssl } from './test-support/openssl.js';

describe('createServerCertificate', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });

  test('openssl verifies it strictly for each loopback name, and for no other use', () => {
    const file = folder.file('server.pem', createServerCertificate({ now: new Date() }).certificatePem);
    const verify = (...args: readonly string[]): string =>
      tryOpenssl(['verify', '-x509_strict', ...args, '-CAfile', file, file]).text;
    assert.match(verify('-purpose', 'sslserver', '-verify_hostname', 'localhost'), /: OK/);
    assert.match(verify('-purpose', 'sslserver', '-verify_ip', '127.0.0.1'), /: OK/);
    assert.match(verify('-purpose', 'sslserver', '-verify_ip', '::1'), /: OK/);
    assert.match(verify('-purpose', 'sslserver', '-verify_hostname', 'example.org'), /hostname mismatch/);
    assert.match(verify('-purpose', 'sslclient'), /unsuitable certificate purpose/);
  });

  test('a client that takes it as its anchor gets through', async () => {
    const { certificatePem, privateKeyPem } = createServerCertificate({ days: 2, now: new Date() });
    const server = createServer({ cert: certificatePem, key: privateKeyPem }, (socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificatePem });
      await once(socket, 'secureConnect');
      assert.ok(socket.authorized);
      socket.destroy();
    } finally {
      server.close();
    }
  });
});
