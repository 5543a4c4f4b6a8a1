import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Agent, fetch } from 'undici';

/**
 * Streamable HTTP with a client certificate on each request: the gate decides every call by itself, and a session proves
 * nothing. `cert`, `key` and `ca` are PEM; without `ca`, the system's authorities vouch for the server.
 */
export function createCertificateTransport(url, { cert, key, ca, systemKey, connections = 16 }) {
  const dispatcher = new Agent({ connect: { cert, key, ca }, connections });
  const transport = new StreamableHTTPClientTransport(new URL('/runtime/webhooks/mcp', url), {
    // In requestInit, the SDK would leave `dispatcher` out of its GET requests.
    fetch: (input, init) => fetch(input, { ...init, dispatcher }),
    requestInit: systemKey === undefined ? {} : { headers: { 'x-functions-key': systemKey } },
  });
  transport.onclose = () => void dispatcher.close();
  return transport;
}
