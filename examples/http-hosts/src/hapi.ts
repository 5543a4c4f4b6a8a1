import { createGate, getClientIdentity, requireRole, secureServer, trustStoreFrom } from '@certgate/http';
import { type Lifecycle, server as createServer } from '@hapi/hapi';

const server = createServer({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});
secureServer(server.listener, gate);
const asOperator = requireRole('operator');

/** Lets only operators continue. The gate answers everybody else. */
const forOperators: Lifecycle.Method = ({ raw: { req, res } }, toolkit) =>
  new Promise((resolve) => {
    res.once('close', () => resolve(toolkit.abandon));
    asOperator(req, res, () => resolve(toolkit.continue));
  });

server.route({ method: 'GET', path: '/public', handler: () => 'open to all\n' });
server.route({
  method: 'GET',
  path: '/closed',
  handler: ({ raw }) => `hello ${getClientIdentity(raw.req).name}\n`,
});
server.route({
  method: 'GET',
  path: '/role',
  options: { pre: [forOperators] },
  handler: ({ raw }) => `operator ${getClientIdentity(raw.req).name}\n`,
});

await server.start();
console.log('listening on', server.listener.address());
