/**
 * The host process, which becomes the function app. `functions-host.ts` starts it with `fork`, with the app's folder as
 * its working directory and the app settings as its environment. It exchanges the messages of `host-protocol.ts` with
 * its parent.
 */
import { ToolFailure, hasCode, messageOf } from '../tool-failure.js';
import { AppContext, type AppLog } from './worker/app-context.js';
import { createCoreApi, supplyCoreModule } from './worker/core-api.js';
import type {
  DescribeMessage,
  HostLogLevel,
  MessageFromHost,
  MessageToHost,
  StartMessage,
} from './worker/host-protocol.js';
import { checkFunctions, checkRegistrations, describeFunctions, describeWithBindings } from './hosted-functions.js';
import { askHostedGate, describeGate, watchReport } from './hosted-gate.js';
import { createAppHookContext, executeHooks } from './worker/hooks.js';
import { HttpServer } from './http/http-server.js';
import { McpCatalog } from './mcp/mcp-catalog.js';
import { createMcpEndpoint } from './mcp/mcp-endpoint.js';
import { type DurableStandIn, isDurableClient, startDurableStandIn } from './worker/durable-client.js';
import { type LoadedApp, loadApp } from './worker/load-app.js';
import { StartHookFailure } from './worker/start-hook-failure.js';
import { createRoutes } from './routing/router.js';

let app: AppContext | undefined;
const server = new HttpServer((answer) => {
  send({ kind: 'answered', answer });
});

process.on('message', (message: MessageToHost) => {
  if (message.kind === 'stop') stop().catch(fail);
  else if (message.kind === 'describe') describe(message).catch(fail);
  else start(message).catch(fail);
});
// The parent is gone, so this process must end itself.
process.on('disconnect', () => {
  endProcess(0);
});
// Ctrl+C reaches every process of the group. The parent decides when to end, so that appTerminate hooks still run.
process.on('SIGINT', () => undefined);
// An uncaught exception ends the process, whatever handlers the app has, as in the worker. So does an unhandled
// rejection, unless the app has a handler for it.
process.on('uncaughtException', (error: unknown) => {
  sendLast({ kind: 'crashed', message: messageOf(error), ...stackOf(error) }, 1);
});

async function start(message: StartMessage): Promise<void> {
  const port = await listen(message);
  process.env['WEBSITE_HOSTNAME'] ??= `127.0.0.1:${port}`;
  const { app, streamingUri } = await load(message);
  checkFunctions(app);
  const routes = createRoutes(app.functions.values(), message.routePrefix);
  const catalog = new McpCatalog(app.functions.values());
  const durable = await startDurable(app, port);
  const mcp = catalog.isEmpty ? undefined : createMcpEndpoint(catalog, message.mcpServer, { app, durable });
  const { strictTransportSecurity } = message;
  server.serve({ app, routes, streamingUri, durable, mcp, strictTransportSecurity });
  const gate = describeGate();
  send({
    kind: 'ready',
    port,
    functions: describeFunctions(app, routes),
    streaming: streamingUri !== undefined,
    ...(gate === undefined ? {} : { gate }),
  });
  watchReport((report) => {
    send({ kind: 'report', report });
  });
}

/** Describes the app. That works even for an app whose bindings this host can't run, because no function is called. */
async function describe(message: DescribeMessage): Promise<void> {
  process.env['WEBSITE_HOSTNAME'] ??= 'localhost';
  const { app, streamingUri } = await load(message);
  checkRegistrations(app);
  const routes = createRoutes(app.functions.values(), message.routePrefix);
  const functions = describeWithBindings(app, routes);
  const gate = describeGate();
  const answer = message.question && (await askHostedGate(message.question));
  const streaming = streamingUri !== undefined;
  send({ kind: 'described', functions, streaming, ...(gate && { gate }), ...(answer && { answer }) });
}

async function load(message: StartMessage | DescribeMessage): Promise<LoadedApp & { readonly app: AppContext }> {
  app = new AppContext(message.folder, writeLog);
  supplyCoreModule(createCoreApi(app));
  return { app, ...(await loadApp(app, message.entryFiles, message.packageType)) };
}

async function startDurable(app: AppContext, port: number): Promise<DurableStandIn | undefined> {
  const hasClient = [...app.functions.values()].some(({ metadata }) =>
    Object.values(metadata.bindings).some(isDurableClient),
  );
  if (!hasClient) return undefined;
  return startDurableStandIn(`http://127.0.0.1:${port}`, (orchestration, instanceId) => {
    writeLog({
      level: 'warning',
      category: 'system',
      message: `The orchestration "${orchestration}" (${instanceId}) is accepted, and stays pending: this local host runs none. Use \`func start\` for that.`,
    });
  });
}

function fail(error: unknown): void {
  const { message, remedy, cause } =
    error instanceof ToolFailure ? error : new ToolFailure(messageOf(error), { cause: error });
  sendLast(
    {
      kind: 'failed',
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...(error instanceof StartHookFailure ? { hookError: error.hookError } : {}),
      ...stackOf(cause),
    },
    1,
  );
}

async function listen({ port, access }: StartMessage): Promise<number> {
  try {
    return await server.listen(port, access);
  } catch (error) {
    const reason = hasCode(error, 'EADDRINUSE') ? 'another program uses it' : messageOf(error);
    throw new ToolFailure(`The host can't listen on 127.0.0.1:${port}: ${reason}.`, {
      remedy: 'Choose another port, or 0 for a free one.',
      cause: error,
    });
  }
}

async function stop(): Promise<void> {
  server.close();
  try {
    if (app !== undefined) await executeHooks(app, 'appTerminate', createAppHookContext(app), () => undefined);
  } catch (error) {
    writeLog({ level: 'error', category: 'system', message: `An appTerminate hook failed: ${messageOf(error)}` });
  }
  endProcess(0);
}

function writeLog({ level, category, message, functionName, invocationId }: AppLog): void {
  const shown: HostLogLevel = level === 'none' ? 'information' : level;
  send({
    kind: 'log',
    line: {
      source: category === 'user' ? 'function' : 'host',
      level: shown,
      message,
      ...(functionName === undefined ? {} : { functionName }),
      ...(invocationId === undefined ? {} : { invocationId }),
    },
  });
}

function send(message: MessageFromHost, onSent?: () => void): void {
  // The callback also receives the error if the parent is gone. `disconnect` follows and ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => onSent?.());
  else onSent?.();
}

function sendLast(message: MessageFromHost, exitCode: number): void {
  send(message, () => {
    endProcess(exitCode);
  });
}

function endProcess(exitCode: number): void {
  // Exits at once, as the worker does, because the app's timers and sockets may keep the event loop busy.
  process.exit(exitCode);
}

function stackOf(error: unknown): { readonly stack?: string } {
  return error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
}
