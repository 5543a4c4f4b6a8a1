import { createGate, getClientIdentity, secureFetch, trustStoreFrom } from '@certgate/http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono();
// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});

app.get('/public', (context) => context.text('open to all\n'));
app.get('/closed', (context) => context.text(`hello ${getClientIdentity(context.req.raw).name}\n`));
const forOperators = secureFetch((request) => new Response(`operator ${getClientIdentity(request).name}\n`), gate, {
  roles: ['operator'],
});
app.get('/role', (context) => forOperators(context.req.raw));

const options = { fetch: secureFetch(app.fetch, gate), port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' };
serve(options, (address) => {
  console.log('listening on', address);
});
