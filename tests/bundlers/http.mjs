// Starts a server, calls it, and prints the answer to each call.
import { createServer, get } from 'node:http';
import { createGate, getClientIdentity, secureServer, trustStoreFromFile } from '@certgate/http';

const { TRUST, SECRET, CALLS } = process.env;
const log = { info: () => undefined, warn: () => undefined };
const gate = createGate({ trustStore: trustStoreFromFile(TRUST), frontEnd: 'haproxy', frontEndSecret: SECRET, log });
const server = createServer((request, response) => response.end(getClientIdentity(request).name));
secureServer(server, gate);
server.listen(0, '127.0.0.1', async () => {
  const answers = [];
  for (const headers of JSON.parse(CALLS)) answers.push(await ask(headers));
  console.log(JSON.stringify(answers));
  server.close();
});

function ask(headers) {
  const { port } = server.address();
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.once('end', () => resolve(response.statusCode === 200 ? `200 ${body}` : String(response.statusCode)));
    }).once('error', reject);
  });
}
