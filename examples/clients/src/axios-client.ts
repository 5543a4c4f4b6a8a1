// A client with axios, which is built on node:https and therefore takes the same agents.
import axios from 'axios';
import type { Answer, Client, ClientOptions } from './client.js';
import type { CertificateSource } from './client-certificate.js';
import { startHttpsAgents } from './https-agents.js';

export async function createAxiosClient(source: CertificateSource, options: ClientOptions = {}): Promise<Client> {
  const agents = await startHttpsAgents(source, options);
  return {
    call: async (url): Promise<Answer> => {
      const { status, data } = await axios.get<string>(url, {
        // Passed with each request and not to axios.create(), because a rotation replaces the agent.
        httpsAgent: agents.current,
        responseType: 'text',
        // Answers with any status are returned, 401 and 403 included.
        validateStatus: null,
      });
      return { status, body: data };
    },
    close: () => agents.stop(),
  };
}
