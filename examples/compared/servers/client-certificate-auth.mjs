// A server with client-certificate-auth 0.3.0, the version in npm's registry, used as its README shows: the server ends
// TLS itself, Node.js verifies the certificate by an authority, and a callback compares the common name.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import clientCertificateAuth from 'client-certificate-auth';
import express from 'express';

const app = express().disable('x-powered-by');
const requireCertificate = clientCertificateAuth(({ subject }) => subject.CN === process.env.ALLOWED_NAME);
app.get('/public', (_request, response) => response.send('open to all\n'));
app.all('/closed', requireCertificate, (_request, response) => response.send('for allowed callers\n'));

const options = {
  key: readFileSync(process.env.TLS_CERTIFICATE_KEY),
  cert: readFileSync(process.env.TLS_CERTIFICATE),
  ca: readFileSync(process.env.CLIENT_CA_FILE),
  requestCert: true,
  rejectUnauthorized: false,
};
const server = createServer(options, app).listen(0, '127.0.0.1', () => console.log(server.address().port));
