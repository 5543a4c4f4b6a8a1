import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createGate, getClientIdentity, requireRole, secureServer, trustStoreFrom } from '@certgate/http';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type MiddlewareHandler } from 'hono';

interface Env {
  Bindings: HttpBindings;
}

const app = new Hono<Env>();
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  frontEnd: 'direct-tls',
  allowAnonymous: ['GET /public'],
});
const asOperator = requireRole('operator');

/** Lets only operators continue. The gate answers everybody else. */
const forOperators: MiddlewareHandler<Env> = async ({ env: { incoming, outgoing } }, next) => {
  const isOperator = await new Promise((resolve) => {
    outgoing.once('close', () => resolve(false));
    asOperator(incoming, outgoing, () => resolve(true));
  });
  if (!isOperator) return RESPONSE_ALREADY_SENT;
  await next();
};

app.get('/public', (context) => context.text('open to all\n'));
app.get('/closed', (context) => context.text(`hello ${getClientIdentity(context.env.incoming).name}\n`));
app.get('/role', forOperators, (context) => context.text(`operator ${getClientIdentity(context.env.incoming).name}\n`));

const serverOptions = {
  cert: readFileSync(process.env.TLS_CERTIFICATE ?? 'server.pem'),
  key: readFileSync(process.env.TLS_CERTIFICATE_KEY ?? 'server.key'),
  // Asks for a certificate without verifying it here, because the trust document decides about it.
  requestCert: true,
  rejectUnauthorized: false,
};
const server = createAdaptorServer({ fetch: app.fetch, createServer, serverOptions }) as Server;
secureServer(server, gate);
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening on', server.address());
});
