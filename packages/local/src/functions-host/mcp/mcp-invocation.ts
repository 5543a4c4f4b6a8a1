import type { AppContext } from '../worker/app-context.js';
import type { RpcTypedData } from '../worker/core-types.js';
import { type DurableStandIn, findUnsuppliedBinding } from '../worker/durable-client.js';
import { createInvocation, describeError, invoke } from '../worker/invocation.js';
import type { FoundEntry } from './mcp-catalog.js';
import type { McpTrigger } from './mcp-trigger.js';
import { createCallMetadata, createTriggerPayload, findHeader, type McpCall } from './trigger-payload.js';

export interface McpApp {
  readonly app: AppContext;
  readonly durable: DurableStandIn | undefined;
}

/**
 * Calls a function over MCP. HTTP streaming makes no difference, because the library waits for a forwarded request only
 * with HTTP triggers. Undefined if the call failed; as in Azure, only the log shows why.
 *
 * @param onInvoke is called before the app is.
 */
export async function callMcpFunction(
  { app, durable }: McpApp,
  call: McpCall,
  { entry: { trigger }, parameters }: FoundEntry,
  bind: (value: RpcTypedData | null | undefined) => object,
  onInvoke: (functionName: string, invocationId: string) => void,
): Promise<object | undefined> {
  const { functionName, registered, bindingName } = trigger;
  const payload = createTriggerPayload(call);
  const invocation = createInvocation(registered, {
    triggerInput: { name: bindingName, data: { string: payload } },
    triggerMetadata: createCallMetadata(call, bindingName, payload, parameters),
    durable,
    findHeader: (name) => findHeader(call.headers, name),
  });
  const { invocationId } = invocation;
  onInvoke(functionName, invocationId);
  try {
    requireSupplied(trigger);
    const { response } = await invoke(app, registered, invocation);
    return bind(response.returnValue);
  } catch (error) {
    app.writeLog({ level: 'error', category: 'system', message: describeError(error), functionName, invocationId });
    return undefined;
  }
}

/**
 * Throws if the function has an input or output that this host can't supply. Otherwise the function would seem to work
 * without it.
 */
function requireSupplied({ registered, bindingName }: McpTrigger): void {
  const extra = findUnsuppliedBinding(registered.metadata.bindings, bindingName);
  if (extra === undefined) return;
  throw new Error(
    `The function is not called: it has the extra ${extra.kind} "${extra.type}", which this local host can't supply. Run this app behind \`func start\` instead: it brings the bindings.`,
  );
}
