// The app behind nginx. nginx verifies the certificate by an authority, and passes the result and the subject's name to
// the app in header fields.
import { createServer } from 'node:http';

const routes = { '/public': 'open to all\n', '/closed': 'for allowed callers\n' };

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  const { 'x-client-verify': verified, 'x-client-dn': name } = request.headers;
  const isAllowed = verified === 'SUCCESS' && name === `CN=${process.env.ALLOWED_NAME}`;
  if (path === '/closed' && !isAllowed) {
    response.writeHead(403, { 'Content-Type': 'text/plain' }).end('forbidden\n');
    return;
  }
  response.writeHead(path in routes ? 200 : 404).end(routes[path]);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
