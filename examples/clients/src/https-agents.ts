// Agents of node:https that follow a rotation, for node:https itself and for what is built on it, as axios is.
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

/** Not `destroy()`, which also ends the connections of requests that are under way. */
function retireAgent(agent: Agent): void {
  // A connection whose request ends is closed, not kept.
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
