import { createGate, getClientIdentity, requireRole, secureExpress, trustStoreFrom } from '@certgate/http';
import express from 'express';

const app = express();
// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});
secureExpress(app, gate);

app.get('/public', (_request, response) => {
  response.send('open to all\n');
});
app.get('/closed', (request, response) => {
  response.send(`hello ${getClientIdentity(request).name}\n`);
});
app.get('/role', requireRole('operator'), (request, response) => {
  response.send(`operator ${getClientIdentity(request).name}\n`);
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening on', server.address());
});
