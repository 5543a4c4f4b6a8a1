import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { newTemporaryPath, runOpenssl } from '@certgate/x509/test-support/openssl.js';

export interface DocumentServer {
  readonly url: string;
  /** The authority that issued the server's certificate, in PEM. */
  readonly ca: string;
  readonly requests: readonly IncomingMessage[];
  /** Handles every request from now on with this function. */
  answerWith: (handle: (request: IncomingMessage, response: ServerResponse) => void) => void;
  close: () => Promise<void>;
}

/** A web server on this machine that answers as the test says. openssl made its certificate. */
export async function startDocumentServer(protocol: 'https' | 'http' = 'https'): Promise<DocumentServer> {
  const { key, cert, ca } = makeServerCertificate();
  const requests: IncomingMessage[] = [];
  let handle = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(500).end();
  };
  const listen = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(request);
    handle(request, response);
  };
  const server = protocol === 'https' ? createServer({ key, cert }, listen) : createPlainServer(listen);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}/trust.json`,
    ca,
    requests,
    answerWith: (next) => {
      handle = next;
    },
    close: () => closeServer(server),
  };
}

function closeServer(server: Server & { closeAllConnections: () => void }): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

function makeServerCertificate(): Readonly<Record<'key' | 'cert' | 'ca', string>> {
  const [caKey, ca, key, request, extensions] = ['.pem', '.pem', '.pem', '.csr', '.cnf'].map(newTemporaryPath) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  runOpenssl(['req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-subj', '/CN=Test authority', '-days', '2']);
  runOpenssl(['req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=Document server']);
  writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1\n');
  const issue = ['x509', '-req', '-in', request, '-CA', ca, '-CAkey', caKey, '-days', '2', '-extfile', extensions];
  return { key: readFileSync(key, 'utf8'), cert: runOpenssl(issue).toString(), ca: readFileSync(ca, 'utf8') };
}
