// fetch. Node's own takes no client certificate; that of undici does, by its dispatcher.
import { Agent, fetch } from 'undici';
import type { Answer, Client, ClientOptions } from './client.js';
import type { CertificateSource } from './client-certificate.js';
import { RotatingConnections } from './rotation.js';

export async function createFetchClient(source: CertificateSource, options: ClientOptions = {}): Promise<Client> {
  const { ca } = options;
  const agents = await RotatingConnections.start<Agent>(
    source,
    {
      open: ({ pfx, passphrase }) => new Agent({ connect: { pfx, passphrase, ca } }),
      // Requests under way finish, and connections end. But an agent that closes takes no new requests, and fetch()
      // uses its agent only some time after the call, and again after a redirect: so not at once.
      retire: (agent) => {
        setTimeout(() => void agent.close(), 30_000).unref();
      },
    },
    options,
  );
  return {
    call: async (url): Promise<Answer> => {
      const response = await fetch(url, { dispatcher: agents.current });
      return { status: response.status, body: await response.text() };
    },
    close: () => agents.stop(),
  };
}
