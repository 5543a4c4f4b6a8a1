// A server with Certgate's adapter for node:http. CERTGATE_TRUST is the trust document, which lists the SHA-256
// thumbprint of the allowed certificate. CERTGATE_FRONT_END names the front end. A front end other than App Service's
// proves by CERTGATE_FRONT_END_SECRET that a request came through it.
import { createServer } from 'node:http';
import { createGate, secureServer, trustStoreFrom } from '@certgate/http';

const gate = createGate({ trustStore: trustStoreFrom(process.env.CERTGATE_TRUST), allowAnonymous: ['GET /public'] });
const routes = { '/public': 'open to all\n', '/closed': 'for allowed callers\n' };

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  response.writeHead(path in routes ? 200 : 404).end(routes[path]);
});
secureServer(server, gate);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
