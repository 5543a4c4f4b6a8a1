import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { GateOptions } from '../gate/gate-settings.js';
import { secureServer } from '../node/secure-server.js';
import { createStage, type Stage } from './gate-stage.js';

export interface SecuredServer extends Stage {
  readonly server: Server;
  readonly port: number;
}

export async function start(
  context: TestContext,
  listener: RequestListener,
  options: Partial<GateOptions> = {},
): Promise<SecuredServer> {
  const stage = createStage(context, options);
  const server = createServer(listener);
  secureServer(server, stage.gate);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { ...stage, server, port: (server.address() as AddressInfo).port };
}

/** Writes a whole request. With `close`, the server ends the connection after the answer. */
export function write(head: string, fields: Readonly<Record<string, string>>, body = ''): string {
  const lines = Object.entries({ host: 'x', ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${head} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Returns everything that the server sends until it closes the connection. */
export async function converse(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(request);
  return text(socket);
}

export const close: Readonly<Record<string, string>> = { connection: 'close' };
