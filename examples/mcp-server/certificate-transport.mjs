import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Agent, fetch } from 'undici';

/**
 * Streamable HTTP with a client certificate on each request, because the gate decides each call by itself, whatever the
 * session. `cert`, `key` and `ca` are PEM. Without `ca`, the server's certificate must be issued by an authority that
 * Node.js trusts.
 */
export function createCertificateTransport(url, { cert, key, ca, systemKey, connections = 16 }) {
  const dispatcher = new Agent({ connect: { cert, key, ca }, connections });
  const transport = new StreamableHTTPClientTransport(new URL('/runtime/webhooks/mcp', url), {
    // `dispatcher` is set here, because the SDK would leave it out of its GET requests if it were in `requestInit`.
    fetch: (input, init) => fetch(input, { ...init, dispatcher }),
    requestInit: systemKey === undefined ? {} : { headers: { 'x-functions-key': systemKey } },
  });
  transport.onclose = () => void dispatcher.close();
  return transport;
}
