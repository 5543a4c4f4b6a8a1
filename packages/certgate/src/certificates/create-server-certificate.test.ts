import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createServerCertificate } from './self-signed-certificate.js';
import { createTemporaryFolder, tryOpenssl } from './test-support/openssl.js';

describe('createServerCertificate', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });

  test('makes a certificate that openssl verifies strictly for each loopback name, and for no other use', () => {
    const file = folder.file('server.pem', createServerCertificate({ now: new Date() }).certificatePem);
    const verify = (...args: readonly string[]): string =>
      tryOpenssl(['verify', '-x509_strict', ...args, '-CAfile', file, file]).text;
    assert.match(verify('-purpose', 'sslserver', '-verify_hostname', 'localhost'), /: OK/);
    assert.match(verify('-purpose', 'sslserver', '-verify_ip', '127.0.0.1'), /: OK/);
    assert.match(verify('-purpose', 'sslserver', '-verify_ip', '::1'), /: OK/);
    assert.match(verify('-purpose', 'sslserver', '-verify_hostname', 'example.org'), /hostname mismatch/);
    assert.match(verify('-purpose', 'sslclient'), /unsuitable certificate purpose/);
  });
});
