// A client with fetch. Node.js's own fetch has no option for a client certificate; fetch of the package undici takes
// one through its dispatcher.
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
      // Closing lets running requests finish, and then ends the connections. It must wait, because an agent that is
      // closing takes no new requests, but fetch() uses its agent only some time after the call, and again after a
      // redirect.
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
