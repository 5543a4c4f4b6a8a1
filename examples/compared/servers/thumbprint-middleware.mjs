// A middleware for Express like those in blog posts and guides for App Service: it turns X-ARR-ClientCert into PEM, and
// checks the certificate's dates and SHA-1 thumbprint. With CHECK=name it compares the common name instead of the
// thumbprint, which some of them also offer.
import { X509Certificate } from 'node:crypto';
import express from 'express';

const isAllowed = {
  thumbprint: ({ fingerprint }) => fingerprint.replaceAll(':', '') === process.env.ALLOWED_SHA1,
  name: ({ subject }) => /^CN=(.*)$/m.exec(subject)?.[1] === process.env.ALLOWED_NAME,
}[process.env.CHECK];

function readCertificate(header) {
  try {
    return new X509Certificate(`-----BEGIN CERTIFICATE-----\n${header}\n-----END CERTIFICATE-----\n`);
  } catch {
    return undefined;
  }
}

function requireCertificate(request, response, next) {
  const header = request.get('X-ARR-ClientCert');
  if (header === undefined) {
    response.status(401).json({ error: 'A client certificate is required.' });
    return;
  }
  const certificate = readCertificate(header);
  const now = Date.now();
  const isCurrent =
    certificate !== undefined && Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
  if (!isCurrent || !isAllowed(certificate)) {
    response.status(403).json({ error: 'The client certificate is not allowed.' });
    return;
  }
  next();
}

const app = express().disable('x-powered-by');
app.get('/public', (_request, response) => response.send('open to all\n'));
app.all('/closed', requireCertificate, (_request, response) => response.send('for allowed callers\n'));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
