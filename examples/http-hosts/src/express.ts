import { createGate, getClientIdentity, requireRole, secureExpress, trustStoreFrom } from '@certgate/http';
import express from 'express';

const app = express();
// CERTGATE_FRONT_END names the front end, and CERTGATE_FRONT_END_SECRET is what it sends to show that it did.
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
