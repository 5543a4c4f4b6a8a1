import { type ClientIdentity, createGate, requireRole, secureFastify, trustStoreFrom } from '@certgate/http';
import fastify from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    readonly clientIdentity: ClientIdentity;
  }
}

const app = fastify();
// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});
await app.register(secureFastify(gate));

app.get('/public', () => 'open to all\n');
app.get('/closed', (request) => `hello ${request.clientIdentity.name}\n`);
app.get('/role', { onRequest: requireRole('operator') }, (request) => `operator ${request.clientIdentity.name}\n`);

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
console.log('listening on', app.server.address());
