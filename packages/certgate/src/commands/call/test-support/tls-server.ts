import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeOpensslPair, runOpenssl, type TemporaryFolder } from '../../../certificates/test-support/openssl.js';

/**
 * Starts a server that asks for a client certificate and accepts any. It also writes `allowed.pem` and `denied.pem`
 * into the folder, each with a certificate and its key.
 */
export async function startTlsServer(
  folder: TemporaryFolder,
  listener: RequestListener,
): Promise<{ readonly server: Server; readonly origin: string }> {
  for (const name of ['allowed', 'denied']) {
    const { certificate, key } = makeOpensslPair(folder, name);
    folder.file(`${name}.pem`, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  }
  runOpenssl([
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder.file('server.key'),
    '-out', folder.file('server.crt'), '-days', '2', '-subj', '/CN=server', '-addext', 'subjectAltName=DNS:localhost',
  ]); // prettier-ignore
  const [key, cert] = ['server.key', 'server.crt'].map((name) => readFileSync(folder.file(name)));
  const server = createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `https://localhost:${(server.address() as AddressInfo).port}` };
}
