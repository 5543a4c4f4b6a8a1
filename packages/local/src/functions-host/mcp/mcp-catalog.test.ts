import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolFailure } from '../../tool-failure.js';
import type { RegisteredCallback } from '../worker/app-context.js';
import { McpCatalog } from './mcp-catalog.js';

/*
 * The expected lists follow Azure/azure-functions-mcp-extension 1.6.0:
 * src/…/{DefaultToolRegistry,DefaultResourceRegistry,DefaultPromptRegistry,MetadataParser}.cs, ToolInputSchema/*.cs,
 * and test/Extensions.Mcp.Tests/ToolInputSchemaTests.cs.
 */

const json = JSON.stringify;

function register(name: string, type: string, binding: Readonly<Record<string, unknown>>): RegisteredCallback {
  const bindings = { [`${type}1`]: { type, direction: 'in', name: `${type}1`, ...binding } };
  return { metadata: { name, bindings }, callback: () => undefined };
}

const tool = (name: string, binding: object = {}): RegisteredCallback =>
  register(name, 'mcpToolTrigger', { toolName: name, toolProperties: '[]', ...binding });
const resource = (name: string, uri: string, binding: object = {}): RegisteredCallback =>
  register(name, 'mcpResourceTrigger', { uri, resourceName: name, ...binding });
const prompt = (name: string, binding: object = {}): RegisteredCallback =>
  register(name, 'mcpPromptTrigger', { promptName: name, ...binding });
const listTool = (binding: object): unknown => new McpCatalog([tool('t', binding)]).tools[0]?.listed;

test('a tool is listed with its description, metadata and the schema of its properties', () => {
  const toolProperties = json([
    { propertyName: 'name', propertyType: 'string', description: 'The name', isRequired: true, isArray: false },
    { propertyName: 'age', propertyType: 'integer', isRequired: false },
    { PropertyName: 'tags', PropertyType: 'string', Description: 'Tags', IsArray: true, EnumValues: ['a', 'b'] },
    { propertyName: 'status', propertyType: 'string', description: null, enumValues: ['on'], isRequired: true },
    { propertyName: '__proto__', propertyType: 'object', description: 'odd' },
  ]);
  const listed = listTool({ description: 'Says hello', metadata: '{"a":{"b":[1,null]}}', toolProperties });
  const schema: unknown = JSON.parse(`{"type":"object","properties":{
    "name":{"type":"string","description":"The name"},
    "age":{"type":"integer","description":""},
    "tags":{"type":"array","items":{"type":"string","enum":["a","b"]},"description":"Tags"},
    "status":{"type":"string","enum":["on"],"description":""},
    "__proto__":{"type":"object","description":"odd"}},"required":["name","status"]}`);
  assert.deepEqual(listed, {
    name: 't',
    description: 'Says hello',
    inputSchema: schema,
    _meta: { a: { b: [1, null] } },
  });
});

test('a tool without anything else is listed with an empty schema, and no other member', () => {
  const inputSchema = { type: 'object', properties: {}, required: [] };
  for (const binding of [{}, { toolProperties: undefined }, { metadata: '{}', description: undefined }]) {
    assert.deepEqual(listTool(binding), { name: 't', inputSchema });
  }
  // @azure/functions sends `resultSchema`, but the extension doesn't read it.
  assert.deepEqual(listTool({ resultSchema: '{"type":"object"}' }), { name: 't', inputSchema });
});

test("a schema of the app's own is listed unchanged, and its required arguments are used", () => {
  const inputSchema = { type: 'object', required: ['a', 1], additionalProperties: false };
  const outputSchema = { type: 'object', properties: { b: {} } };
  const binding = { useWorkerInputSchema: true, inputSchema: json(inputSchema), outputSchema: json(outputSchema) };
  const [entry] = new McpCatalog([tool('t', binding)]).tools;
  assert.deepEqual(entry?.listed, { name: 't', inputSchema, outputSchema });
  assert.deepEqual(entry.required, ['a']);
});

test('resources and templates are listed', () => {
  const { resources, templates } = new McpCatalog([
    resource('b', 'file://b', {
      title: 'B',
      description: 'the b',
      mimeType: 'text/plain',
      size: 7,
      metadata: '{"m":1}',
    }),
    resource('c', 'user://{id}', { mimeType: 'text/html', size: 7 }),
    resource('a', 'file://a'),
  ]);
  assert.deepEqual(
    resources.map(({ listed }) => listed),
    [
      { uri: 'file://a', name: 'a' },
      {
        uri: 'file://b',
        name: 'b',
        title: 'B',
        description: 'the b',
        mimeType: 'text/plain',
        size: 7,
        _meta: { m: 1 },
      },
    ],
  );
  assert.deepEqual(
    templates.map(({ listed }) => listed),
    [{ uriTemplate: 'user://{id}', name: 'c', mimeType: 'text/html' }],
  );
});

test('prompts are listed', () => {
  const promptArguments = json([
    { name: 'who', title: 'Who', description: 'whom', required: true },
    { name: 'how', description: null, required: false },
    { name: 'when' },
  ]);
  const icons = [{ src: 'https://a/b.svg' }];
  const [entry, plain] = new McpCatalog([prompt('p', { promptArguments, icons: json(icons), title: 'P' }), prompt('q')])
    .prompts;
  assert.deepEqual(entry?.listed, {
    name: 'p',
    title: 'P',
    arguments: [
      { name: 'who', title: 'Who', description: 'whom', required: true },
      { name: 'how', required: false },
      { name: 'when', description: '' },
    ],
    icons,
  });
  assert.deepEqual(entry.required, ['who']);
  assert.deepEqual(plain?.listed, { name: 'q' });
});

test('names and URIs are found without regard to case, and a resource before a template', () => {
  const catalog = new McpCatalog([
    tool('Hello'),
    prompt('Greet'),
    resource('one', 'user://{id}/profile'),
    resource('two', 'user://Me/profile'),
    register('timer', 'timerTrigger', { schedule: '* * * * * *' }),
    register('http', 'httpTrigger', {}),
  ]);
  assert.equal(catalog.find('tool', 'HELLO')?.entry.trigger.functionName, 'Hello');
  assert.equal(catalog.find('tool', 'Greet'), undefined);
  assert.equal(catalog.find('prompt', 'greet')?.entry.trigger.functionName, 'Greet');
  assert.equal(catalog.find('resource', 'USER://me/PROFILE')?.entry.trigger.functionName, 'two');
  const found = catalog.find('resource', 'user://7/profile');
  assert.deepEqual([found?.entry.trigger.functionName, found?.parameters], ['one', [['id', '7']]]);
  assert.equal(catalog.find('resource', 'user://7'), undefined);
  for (const name of ['', '__proto__', 'constructor', 'toString']) assert.equal(catalog.find('tool', name), undefined);
});

test('an app without MCP has an empty catalog, and a disabled function is not part of a catalog', (context) => {
  assert.ok(new McpCatalog([register('http', 'httpTrigger', {})]).isEmpty);
  process.env['AzureWebJobs.off.Disabled'] = 'true';
  context.after(() => Reflect.deleteProperty(process.env, 'AzureWebJobs.off.Disabled'));
  assert.ok(new McpCatalog([tool('off')]).isEmpty);
  assert.ok(!new McpCatalog([register('any', 'MCPTOOLTRIGGER', { TOOLNAME: 'x' })]).isEmpty);
});

const refused: readonly (readonly [what: string, functions: readonly RegisteredCallback[], message: RegExp])[] = [
  [
    'two tools of one name',
    [tool('a', { toolName: 'x' }), tool('b', { toolName: 'X' })],
    /"b" .* the name "X", which "a"/,
  ],
  ['two prompts of one name', [prompt('a', { promptName: 'x' }), prompt('b', { promptName: 'x' })], /which "a" has/],
  ['two resources of one URI', [resource('a', 'file://x'), resource('b', 'FILE://X')], /which "a" has/],
  ['two equal templates', [resource('a', 'x://{id}'), resource('b', 'x://{name}')], /which "a" has/],
  ['no name', [register('a', 'mcpToolTrigger', {})], /no "toolName"/],
  ['no URI', [register('a', 'mcpResourceTrigger', {})], /no "uri"/],
  ['no URI of a resource', [resource('a', 'readme')], /"readme", which is not absolute/],
  ['metadata that is not JSON', [tool('a', { metadata: '{' })], /"metadata" that is not JSON/],
  ['metadata that is not an object', [prompt('a', { metadata: '[]' })], /"metadata" that is not a JSON object/],
  [
    'properties that are not a list',
    [tool('a', { toolProperties: '{}' })],
    /"toolProperties" that is not a JSON array/,
  ],
  ['a property without a type', [tool('a', { toolProperties: '[{"propertyName":"x"}]' })], /without a name or a type/],
  ['an argument without a name', [prompt('a', { promptArguments: '[{}]' })], /without a name/],
  ['a schema of a list', [tool('a', { outputSchema: '{"type":"array"}' })], /"outputSchema" that is not the schema/],
  ['no schema of its own', [tool('a', { useWorkerInputSchema: true })], /no inputSchema/],
];
for (const [what, functions, message] of refused) {
  test(`a trigger is refused: ${what}`, () => {
    assert.throws(
      () => new McpCatalog(functions),
      (error) => {
        assert.ok(error instanceof ToolFailure && error.remedy !== undefined);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
