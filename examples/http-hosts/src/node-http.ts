import { createServer } from 'node:http';
import { createGate, getClientIdentity, requireRole, secureServer, trustStoreFrom } from '@certgate/http';

// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});
const asOperator = requireRole('operator');

const server = createServer((request, response) => {
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
