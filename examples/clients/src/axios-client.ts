// axios. It is built on node:https, so it takes the same agents.
import axios from 'axios';
import type { Answer, Client, ClientOptions } from './client.js';
import type { CertificateSource } from './client-certificate.js';
import { startHttpsAgents } from './https-agents.js';

export async function createAxiosClient(source: CertificateSource, options: ClientOptions = {}): Promise<Client> {
  const agents = await startHttpsAgents(source, options);
  return {
    call: async (url): Promise<Answer> => {
      const { status, data } = await axios.get<string>(url, {
        // Not in axios.create(): after a rotation, it is another one.
        httpsAgent: agents.current,
        responseType: 'text',
        // 401 and 403 are answers too.
        validateStatus: null,
      });
      return { status, body: data };
    },
    close: () => agents.stop(),
  };
}
