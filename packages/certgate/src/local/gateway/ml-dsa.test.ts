import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { curl } from './test-support/clients.js';
import { withHttpUpstream } from './test-support/house.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { getValues } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
after(() => {
  openssl.remove();
});

/** With OpenSSL 3.0, Node has neither such keys nor such signatures in a handshake. */
function isSpoken({ certificatePem, privateKeyPem }: TestCertificate): boolean {
  try {
    createSecureContext({ cert: certificatePem, key: privateKeyPem });
    return true;
  } catch {
    return false;
  }
}

function canMake(algorithm: string): boolean {
  try {
    execFileSync('openssl', ['genpkey', '-algorithm', algorithm, '-out', '/dev/null'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

for (const algorithm of ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87']) {
  const skip = canMake(algorithm) ? false : 'this openssl knows no ML-DSA';
  test(
    `${algorithm}: curl's certificate reaches the app where Node speaks it; elsewhere curl shows none`,
    { skip },
    async () => {
      const key = ['-newkey', algorithm, '-nodes', '-keyout', `${algorithm}.key`, '-out', `${algorithm}.pem`];
      openssl.run('req', '-x509', ...key, '-subj', `/CN=${algorithm}`, '-days', '2');
      const client = openssl.read(algorithm);
      const seen: (readonly string[])[] = [];
      await withHttpUpstream(
        ({ rawHeaders }, response) => {
          seen.push(getValues(rawHeaders, 'x-arr-clientcert'));
          response.end();
        },
        async ({ gateway, nextExchange }) => {
          const { output } = await curl(client, `${gateway.url}/a`);
          const { clientCertificateThumbprintSha256 } = await nextExchange();
          assert.match(output, isSpoken(client) ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 403/);
          assert.deepEqual(seen, isSpoken(client) ? [[client.base64Der]] : []);
          assert.equal(clientCertificateThumbprintSha256 !== undefined, isSpoken(client));
        },
      );
    },
  );
}
