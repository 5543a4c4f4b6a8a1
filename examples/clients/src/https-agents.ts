// Agents of node:https that follow a rotation, for node:https itself and for packages that are built on it, such as
// axios.
import { Agent } from 'node:https';
import type { ClientOptions } from './client.js';
import type { CertificateSource } from './client-certificate.js';
import { RotatingConnections } from './rotation.js';

export function startHttpsAgents(
  source: CertificateSource,
  options: ClientOptions,
): Promise<RotatingConnections<Agent>> {
  const { ca } = options;
  return RotatingConnections.start<Agent>(
    source,
    {
      open: ({ pfx, passphrase }) => new Agent({ pfx, passphrase, ca, keepAlive: true }),
      retire: retireAgent,
    },
    options,
  );
}

/**
 * Closes idle connections now and the others after their requests. `destroy()` would also end the requests that are
 * under way.
 */
function retireAgent(agent: Agent): void {
  // Makes the agent close a connection after its request instead of keeping it for the next one.
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
