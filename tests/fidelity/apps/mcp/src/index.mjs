import library from '@azure/functions';

// Node finds some of these names only on the default export.
const { app, arg, input, McpContentBlock, McpToolResponse, McpTextContent, promptArg } = library;

app.setup({ enableHttpStream: process.env.FIDELITY_STREAMING === '1' });

/**
 * The only way to return a result with `isError`: the type of a single content block becomes the type of the whole
 * result.
 */
class ToolError extends McpContentBlock {
  type = 'call_tool_result';
  toJSON() {
    return { content: [{ type: 'text', text: 'refused' }], isError: true };
  }
}

const tool = (toolName, handler, more = {}) =>
  app.mcpTool(toolName, { toolName, toolProperties: [], handler, ...more });
tool('Hello', (call) => `hello ${call.arguments.who}`, {
  description: 'Says hello',
  toolProperties: { who: arg.string().describe('Whom') },
  metadata: '{"kind":"greeting"}',
});
tool('Payload', ({ transport, ...call }) => ({ ...call, transport: transport.name }));
tool('Header', ({ arguments: { like }, transport }) => {
  const names = Object.entries(transport.properties.headers);
  return names
    .filter(([name]) => name.toLowerCase() === like)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
});
tool('Number', (call) => String(call.arguments.n));
tool(
  'Structured',
  () => new McpToolResponse({ content: [new McpTextContent('one')], structuredContent: { count: 1 } }),
);
tool('Nothing', () => undefined);
tool('Refused', () => new ToolError());
tool('Throws', () => {
  throw new Error('The reason, which no client sees.');
});
tool('Stored', () => 'ran', { extraInputs: [input.storageBlob({ path: 'a', connection: 'Storage' })] });

const resource = (name, uri, handler, more = {}) =>
  app.mcpResource(name, { uri, resourceName: name, handler, ...more });
resource('Readme', 'file://readme.md', ({ uri }) => `text of ${uri}`, { mimeType: 'text/markdown' });
resource('Untyped', 'file://untyped', () => 'text');
resource('User', 'user://{id}', (call, context) => `user ${context.triggerMetadata.id}`, { mimeType: 'text/plain' });
resource('Object', 'file://object', () => ({ an: 'object' }));

app.mcpPrompt('Greet', {
  promptName: 'Greet',
  description: 'Makes a greeting',
  promptArguments: { who: promptArg.describe('Whom').isRequired() },
  handler: (call) => `Greet ${call.arguments.who}`,
});
