import { createServer } from 'node:http';
import { createGate, getClientIdentity, requireRole, secureServer, trustStoreFrom } from '@certgate/http';
import Router from '@koa/router';
import Koa from 'koa';

const app = new Koa();
const router = new Router();
// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});
const asOperator = requireRole('operator');

/** Lets only operators continue. The gate answers everybody else. */
const forOperators: Koa.Middleware = ({ req, res }, next) =>
  new Promise<void>((resolve, reject) => {
    res.once('close', resolve);
    asOperator(req, res, () => void next().then(resolve, reject));
  });

router.get('/public', (context) => {
  context.body = 'open to all\n';
});
router.get('/closed', (context) => {
  context.body = `hello ${getClientIdentity(context.req).name}\n`;
});
router.get('/role', forOperators, (context) => {
  context.body = `operator ${getClientIdentity(context.req).name}\n`;
});
app.use(router.routes());

const server = createServer(app.callback());
secureServer(server, gate);
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening on', server.address());
});
