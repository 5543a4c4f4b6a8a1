// commands/: the verbs. `…-verbs.ts` describe them; `…-command.ts` run them.
import { InvalidArgumentError } from 'commander';
import { mcpPath } from '#local/client/request-fields.js';
import { collectHeader, parseMethod, parseTimeout, parseToolName } from './call/request-options.js';
import { passwordOptions } from './certificate/password-options.js';
import { loadCore, parsePort } from './command-line/option-values.js';
import { jsonOption, type Options, type Verb } from './command-line/verb.js';
import { loopbackRate, usualRate } from './doctor-flags.js';
import {
  defaultGatewayPort,
  defaultHostPort,
  defaultInspectorPort,
  listGatewayOptions,
  parseUpstream,
} from './gateway-flags.js';

export const initVerb: Verb = {
  arguments: { '[folder]': ['the app: the folder with host.json and package.json', '.'] },
  options: {
    '--yes': 'make the changes without asking',
    '--dry-run': 'show the changes and make none',
    '--json': "print one JSON object, and don't ask",
  },
  work: async () => (await import('./init-command.js')).runInit,
  exitCodes: {
    0: 'the app has everything that it needs; with --dry-run: the changes are shown',
    1: 'there are changes to make, but they were not confirmed; nothing is changed',
    2: 'there is no app, or a file cannot be changed safely; the message says what to do by hand, and nothing is changed',
  },
  examples: ['certgate init', 'certgate init ./orders --dry-run', 'certgate init ./orders --yes --json'],
};

/**
 * Options that cannot be combined with `--upstream`, because an app that somebody else runs is neither started nor
 * called.
 */
const ofEmbeddedHost = [
  ...['trust', 'check', 'once', 'call', 'json', 'jsonLog', 'hostPort', 'inspectorPort', 'inspect'],
  'unsafeDirectHeader',
];

export const devVerb: Verb = {
  arguments: { '[folder]': ['the app: the folder with host.json and package.json', '.'] },
  options: {
    '--trust <file>':
      'a trust document of your own (default: the one that the app setting CERTGATE_TRUST names, or else one with development callers, in .certgate/)',
    '--check': 'call every function as callers that must be refused, and print the table',
    '--once': 'check, print the table, and exit: with 0 if every verdict is as expected, otherwise with 1 or 3',
    '--call <names...>': 'functions that checks may also call as allowed callers; this runs their code',
    '--json': 'print the functions, and the results of a check, as one JSON object',
    '--json-log': [
      "print Certgate's log lines as the app writes them, instead of one readable line per decision",
      { conflicts: ['once'] },
    ],
    '--port <port>': describePort("the gateway's port", defaultGatewayPort),
    '--host-port <port>': describePort("the app's port", defaultHostPort),
    '--no-inspector': 'do not serve the page that shows what the gate does, and sends calls to try it',
    '--inspector-port <port>': describePort("the page's port", defaultInspectorPort, ['once', 'inspector']),
    '--inspect [address]': 'let a debugger attach to the app, as node --inspect does',
    '--unsafe-direct-header':
      "let the app's own port answer without the gateway, and accept an X-ARR-ClientCert that you set: every program on this machine can then claim to be any caller",
    '--upstream <url>': [
      'put the gateway in front of this address (func start) instead of the embedded host',
      { parse: parseUpstream, conflicts: ofEmbeddedHost },
    ],
    ...listGatewayOptions('optional'),
  },
  work: async () => (await import('./dev-command.js')).runDev,
  exitCodes: {
    0: 'stopped by a signal; with --once: every verdict as expected',
    1: 'with --once: a wrong verdict, or an HTTP or MCP function that the gate does not cover at registration',
    2: 'there is no app or trust document, it cannot be loaded, or a port is in use',
    3: 'with --once: the app has a function.json, whose function is not loaded here',
  },
  examples: [
    'certgate dev',
    'certgate dev ./orders --check',
    'certgate dev ./orders --once --json --call GetOrders Health',
    'certgate dev --upstream http://localhost:7071',
    'certgate dev --front-end nginx',
  ],
};

function describePort(what: string, usual: number, conflicts: readonly string[] = []): Options[string] {
  return [`${what} (default ${usual}, or the next free one; 0 picks one)`, { parse: parsePort, conflicts }];
}

export const gatewayVerb: Verb = {
  options: {
    '--upstream <url>': [
      'the app, e.g. http://localhost:7071 of func start',
      { parse: parseUpstream, isRequired: true },
    ],
    '--port <port>': [`default ${defaultGatewayPort}, or the next free one; 0 picks a free one`, parsePort],
    '--host <address>': ['loopback only, unless --unsafe-listen', { default: '127.0.0.1' }],
    '--unsafe-listen': 'listen on other addresses too: others can then reach the app through this machine',
    '--cert <file>': "the gateway's own certificate in PEM; by default, one is created at start",
    '--key <file>': 'its key in PEM',
    '--json': 'one JSON object when ready, then one line of JSON per request',
    ...listGatewayOptions('required'),
  },
  work: async () => (await import('./gateway-command.js')).runGateway,
  exitCodes: { 0: 'stopped by a signal', 2: 'an option, file or port that cannot be used' },
  examples: [
    'certgate gateway --upstream http://localhost:7071',
    'certgate gateway --upstream http://localhost:7071 --mode optional --port 0',
    'certgate gateway --upstream http://localhost:7071 --exclude /api/health --worst-case',
    'certgate gateway --upstream http://localhost:3000 --front-end nginx',
  ],
};

const serverAuthorityOption: Options = {
  '--cacert <file>': "PEM of the server's authority, or of the server itself; replaces the system's authorities",
};

export const callVerb: Verb = {
  arguments: { '<url>': 'the https URL' },
  options: {
    '--certificate <file>': 'a PFX, or a PEM file with the certificate and its key',
    '--key <file>': 'the private key in PEM, if the file of --certificate contains only the certificate',
    ...passwordOptions,
    '-X, --request <method>': ['the HTTP method; default GET, or POST with a body', parseMethod],
    '-H, --header <line>': ['a header, "Name: value" (repeatable)', collectHeader],
    '-d, --data <body>': 'the body; @file reads a file, @- standard input',
    // MCP decides the HTTP method and the body, so those options conflict with this one.
    '--mcp-tool <name>': [
      `call this MCP tool; a URL without a path is completed with ${mcpPath}`,
      { parse: parseToolName, conflicts: ['request', 'data'] },
    ],
    '--mcp-arguments <json>': "the tool's arguments, a JSON object; @file reads a file, @- standard input",
    ...serverAuthorityOption,
    '--timeout <seconds>': describeTimeout(30),
    '--json': 'print one JSON object: status, code, headers, body, certificate; with --mcp-tool also mcp',
  },
  work: async () => (await import('./call-command.js')).call,
  exitCodes: {
    0: 'the answer has a status from 200 to 299; with --mcp-tool: the tool answered without an error',
    1: 'the answer has another status, the tool did not run or answered with an error, or there was no answer: no connection, a server that is not trusted, a timeout',
    2: "a file, the password, the URL or an option can't be used; nothing was sent",
  },
  examples: [
    'certgate call https://localhost:7443/api/orders --certificate allowed.pfx --password-file allowed.password',
    'certgate call https://example.azurewebsites.net/api/orders --certificate caller.crt.pem --key caller.key.pem',
    'certgate call https://localhost:7443/api/orders --cacert .certgate/gateway.crt.pem --json',
    'certgate call https://example.azurewebsites.net --mcp-tool get_weather --certificate caller.crt.pem --key caller.key.pem',
  ],
};

function describeTimeout(seconds: number): Options[string] {
  return [
    'how long to wait for the whole answer',
    { parse: parseTimeout, default: seconds * 1000, defaultText: String(seconds) },
  ];
}

export const doctorVerb: Verb = {
  arguments: { '<url>': 'the address of the app: https://HOST' },
  options: {
    '--allowed <file>': [
      'a PFX, or a PEM file with certificate and key, of a caller who may call',
      { isRequired: true },
    ],
    '--allowed-key <file>': 'its key in PEM, if the file of --allowed contains only the certificate',
    '--allowed-password-file <file>': 'a file that contains only the password of the file of --allowed',
    '--denied <file>': ['the same for a caller that may not call, or that the app does not know', { isRequired: true }],
    '--denied-key <file>': 'its key in PEM, if the file of --denied contains only the certificate',
    '--denied-password-file <file>': 'a file that contains only the password of the file of --denied',
    '--function <name>': [
      'a function that must be closed, and that the allowed caller may call: its name, or its path (repeatable)',
      { default: [], defaultText: 'none' },
    ],
    '--public-function <name>': [
      'a function that must answer everybody (repeatable)',
      { default: [], defaultText: 'none' },
    ],
    ...serverAuthorityOption,
    '--front-end <name>': [
      'the front end before the app: its header fields are forged in every spelling, those of other front ends in one',
      { choices: () => loadCore().frontEndNames, default: 'app-service' },
    ],
    '--i-operate-this': 'you operate this app, or its operator agreed: required',
    '--any-server':
      'the server does not use Certgate: judge what gets in by status and body alone, and continue after it; without --function, the path of <url> must be closed',
    '-X, --request <method>': [
      'the HTTP method of the probes; others than GET and HEAD may change data',
      { parse: parseMethod, default: 'GET' },
    ],
    '--with-post': 'also send POST requests by callers who must be refused; a function that is open runs',
    '--also-host <name>': [
      'another host name that may reach the app: it is sent in Host, to the address of the app (repeatable)',
      { parse: collectHost, default: [], defaultText: 'none' },
    ],
    '--with-large-body': 'also send a POST of 1 byte and one of 128 KiB, with the allowed certificate',
    '--http-port <port>': [
      'where to try plain HTTP (default: 80 if the app has port 443, otherwise its own port)',
      parsePort,
    ],
    '--rate <number>': [`requests per second (default: ${usualRate}; ${loopbackRate} on this machine)`, parseRate],
    '--timeout <seconds>': describeTimeout(10),
    '--report <file>': 'write a redacted result, which can be attached to a public issue',
    '--summary <file>': 'append the table in Markdown, for the summary of a job',
    '--verbose': ['print every probe with its evidence, also those that hold', { conflicts: ['json'] }],
    ...jsonOption,
  },
  work: async () => (await import('./doctor-command.js')).runDoctor,
  exitCodes: {
    0: 'every probe that ran holds',
    1: 'a probe fails',
    2: 'an option or a file cannot be used, or --i-operate-this is missing; nothing was sent',
    3: 'no probe fails, but one or more cannot tell',
  },
  examples: [
    'certgate doctor https://orders.azurewebsites.net --allowed allowed.pfx --allowed-password-file allowed.password --denied denied.pfx --denied-password-file denied.password --function Orders --public-function Health --i-operate-this',
    'certgate doctor https://app.example/orders --any-server --allowed allowed.pem --denied denied.pem --i-operate-this',
    'certgate doctor https://localhost:7443 --allowed allowed.crt.pem --allowed-key allowed.key.pem --denied denied.pem --function Orders --cacert .certgate/gateway.crt.pem --i-operate-this --json',
  ],
};

function collectHost(host: string, hosts: readonly string[]): readonly string[] {
  if (/^[a-z0-9.-]+(?::\d{1,5})?$/i.test(host)) return [...hosts, host];
  throw new InvalidArgumentError('It must be the name of a host, like orders.example or orders.example:8443.');
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (/^\d{1,3}(?:\.\d)?$/.test(text) && rate > 0) return rate;
  throw new InvalidArgumentError('It must be a number of requests per second, like 5.');
}
