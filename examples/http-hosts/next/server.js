import { createServer } from 'node:http';
import { secureServer } from '@certgate/http';
import next from 'next';
import { gate } from './gate.js';

const app = next({ dev: false });
await app.prepare();
const server = createServer(app.getRequestHandler());
secureServer(server, gate);
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening on', server.address());
});
