// A client with node:https, which needs no package.
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Answer, Client, ClientOptions } from './client.js';
import type { CertificateSource } from './client-certificate.js';
import { startHttpsAgents } from './https-agents.js';

export async function createHttpsClient(source: CertificateSource, options: ClientOptions = {}): Promise<Client> {
  const agents = await startHttpsAgents(source, options);
  return {
    call: (url) =>
      new Promise<Answer>((resolve, reject) => {
        const outgoing = request(url, { agent: agents.current }, (response) => {
          text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        });
        outgoing.once('error', reject);
        outgoing.end();
      }),
    close: () => agents.stop(),
  };
}
