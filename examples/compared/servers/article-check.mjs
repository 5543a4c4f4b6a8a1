// The check of the article that Certgate is based on, ported from C# (docs/from-the-csharp-sample.md): a middleware
// finds out whether the route is open. If it isn't, every request with a certificate in X-ARR-ClientCert that has an
// allowed SHA-1 thumbprint gets in.
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';

const allowedThumbprints = [process.env.ALLOWED_SHA1];
const openRoutes = ['/public'];
const routes = { '/public': 'open to all\n', '/closed': 'for allowed callers\n' };

function hasAllowedThumbprint(text) {
  try {
    const { fingerprint } = new X509Certificate(Buffer.from(text, 'base64'));
    return allowedThumbprints.includes(fingerprint.replaceAll(':', ''));
  } catch {
    return false;
  }
}

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  const certificates = (request.headers['x-arr-clientcert'] ?? '').split(',');
  if (!openRoutes.includes(path) && !certificates.some(hasAllowedThumbprint)) {
    response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"error":"Unauthorized"}\n');
    return;
  }
  response.writeHead(path in routes ? 200 : 404).end(routes[path]);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
