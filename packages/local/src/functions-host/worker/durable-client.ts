import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { BindingInfo } from './core-types.js';

/**
 * Replaces the Durable Functions extension, so that HTTP starters can be called. Orchestrations are accepted but never
 * run, as in Azure while no worker picks them up.
 */
export interface DurableStandIn {
  /** The value of a `durableClient` input as JSON, in the form that the extension gives it. */
  readonly clientInput: string;
}

/**
 * Whether it is the input that durable-functions declares (`df.input.durableClient()`), under its present or older
 * name.
 */
export function isDurableClient({ type, direction }: BindingInfo): boolean {
  return direction === 'in' && /^(?:durableClient|orchestrationClient)$/i.test(type ?? '');
}

/** An input or output besides the trigger that this host can't supply. Undefined if there is none. */
export function findUnsuppliedBinding(
  bindings: Readonly<Record<string, BindingInfo>>,
  triggerName: string,
): { readonly kind: 'input' | 'output'; readonly type: string } | undefined {
  const extra = Object.entries(bindings).find(
    ([name, binding]) => name !== triggerName && !isDurableClient(binding) && !isHttpReturn(name, binding),
  );
  if (extra === undefined) return undefined;
  const [name, { direction, type = name }] = extra;
  return { kind: direction === 'in' ? 'input' : 'output', type };
}

function isHttpReturn(name: string, { type }: BindingInfo): boolean {
  return name === '$return' && type?.toLowerCase() === 'http';
}

/** @param onStart is called for every orchestration that a function starts. */
export async function startDurableStandIn(
  hostUrl: string,
  onStart: (orchestration: string, instanceId: string) => void,
): Promise<DurableStandIn> {
  const instances = new Map<string, object>();
  const respond = ({ url = '', method }: IncomingMessage, body: string, response: ServerResponse): void => {
    const { kind, name, id } = readTarget(url);
    if (method === 'POST' && kind === 'orchestrators') {
      const orchestration = name;
      const instanceId = id ?? randomUUID().replaceAll('-', '');
      const now = new Date().toISOString();
      const status = {
        name: orchestration,
        instanceId,
        runtimeStatus: 'Pending',
        createdTime: now,
        lastUpdatedTime: now,
      };
      instances.set(instanceId, { ...status, input: parseInput(body), output: null, customStatus: null });
      onStart(orchestration, instanceId);
      answer(response, 202, { id: instanceId });
    } else if (method === 'GET' && kind === 'instances' && id === undefined) {
      const status = instances.get(name);
      answer(response, status === undefined ? 404 : 202, status ?? {});
    } else {
      answer(response, 501, {
        message: 'This local host has no Durable Functions extension; run behind `func start`.',
      });
    }
  };
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        respond(request, body, response);
      },
      () => response.destroy(),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // The server must not keep the app's process alive.
  server.unref();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { clientInput: JSON.stringify(describeClient(hostUrl, `http://127.0.0.1:${port}/durabletask/`)) };
}

/**
 * Reads the target of a request. Names come from the app, and often from its caller, so an invalid escape must not end
 * the app's process.
 */
function readTarget(target: string): { readonly kind?: string; readonly name: string; readonly id?: string } {
  const parts = /^\/durabletask\/(\w+)\/([^/?]+)(?:\/([^/?]+))?(?:\?|$)/.exec(target) ?? [];
  try {
    const [, kind, name = '', id] = parts.map((part: string | undefined) => part && decodeURIComponent(part));
    return { ...(kind === undefined ? {} : { kind }), name, ...(id === undefined ? {} : { id }) };
  } catch {
    return { name: '' };
  }
}

function parseInput(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/**
 * Takes the place of the extension's system key. In Azure, that key opens the extension's addresses without the gate.
 * This host serves none of them.
 */
const key = 'system-key-of-durabletask';
const query = `taskHub=LocalHub&connection=Storage&code=${key}`;

/** Makes the `OrchestrationClientInputData` of durable-functions. */
function describeClient(hostUrl: string, rpcBaseUrl: string): object {
  const base = `${hostUrl}/runtime/webhooks/durabletask`;
  const instance = `${base}/instances/INSTANCEID`;
  return {
    taskHubName: 'LocalHub',
    creationUrls: {
      createNewInstancePostUri: `${base}/orchestrators/{functionName}[/{instanceId}]?code=${key}`,
      createAndWaitOnNewInstancePostUri: `${base}/orchestrators/{functionName}[/{instanceId}]?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&code=${key}`,
    },
    managementUrls: {
      id: 'INSTANCEID',
      statusQueryGetUri: `${instance}?${query}`,
      sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
      terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
      rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
      purgeHistoryDeleteUri: `${instance}?${query}`,
      restartPostUri: `${instance}/restart?${query}`,
      suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
      resumePostUri: `${instance}/resume?reason={text}&${query}`,
    },
    baseUrl: base,
    requiredQueryStringParameters: `code=${key}`,
    rpcBaseUrl,
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
