import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createGate, getClientIdentity, requireRole, secureServer, trustStoreFrom } from '@certgate/http';

const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  frontEnd: 'direct-tls',
  allowAnonymous: ['GET /public'],
});
const asOperator = requireRole('operator');

const options = {
  cert: readFileSync(process.env.TLS_CERTIFICATE ?? 'server.pem'),
  key: readFileSync(process.env.TLS_CERTIFICATE_KEY ?? 'server.key'),
  // Asks for a certificate without verifying it here, because the trust document decides about it.
  requestCert: true,
  rejectUnauthorized: false,
};
const server = createServer(options, (request, response) => {
  switch (request.url?.split('?')[0]) {
    case '/public':
      response.end('open to all\n');
      return;
    case '/closed':
      response.end(`hello ${getClientIdentity(request).name}\n`);
      return;
    case '/role':
      asOperator(request, response, () => response.end(`operator ${getClientIdentity(request).name}\n`));
      return;
    default:
      response.writeHead(404).end();
  }
});
secureServer(server, gate);

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening on', server.address());
});
