import { readFileSync } from 'node:fs';
import {
  deny,
  type DenialCode,
  type DenialFacts,
  type FrontEndOptions,
  resolveFrontEnd,
} from '@certgate/core/internal';
import { type Played, play, type Scene } from './drill-gate.js';
import { addCaller, begin } from './drill-stage.js';

// Faults of the app and of its front end, which no change of the document ends.

const proven: FrontEndOptions = { frontEndIsolation: 'private-network' };
const secret = 's'.repeat(43);
const onAzure = {
  WEBSITE_INSTANCE_ID: 'x',
  WEBSITE_SITE_NAME: 'x',
  WEBSITE_SKU: 'Dynamic',
  FUNCTIONS_WORKER_RUNTIME: 'node',
};

interface Request {
  readonly options?: FrontEndOptions;
  readonly environment?: Readonly<Record<string, string>>;
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** Plays a request as a front end would send it. */
const request =
  ({ options = {}, environment = {}, headers = () => ({}) }: Request) =>
  async (): Promise<Played> => {
    await begin();
    await addCaller();
    const frontEnd = resolveFrontEnd(options, environment);
    const given = headers();
    return play({
      reading:
        frontEnd.outcome === 'denied'
          ? { denial: frontEnd }
          : { extraction: frontEnd.reader.read((name) => given[name]) },
    });
  };
const pem = (): string => readFileSync('caller.crt.pem', 'utf8');
const atNginx = (headers: Request['headers'], options: FrontEndOptions = { frontEnd: 'nginx', ...proven }) =>
  request({ options, ...(headers && { headers }) });
const atAppService = (createHeader: () => string) =>
  request({
    options: { frontEnd: 'app-service' },
    environment: onAzure,
    headers: () => ({ 'x-arr-clientcert': createHeader() }),
  });

export const frontEndScenes: Readonly<Record<string, Scene>> = {
  'nothing names the front end': {
    cause: /not known which front end sets the certificate header/,
    advice: /frontEnd.*CERTGATE_FRONT_END/,
    play: request({}),
  },
  'a name that no front end has': {
    cause: /ngnix/,
    advice: /CERTGATE_FRONT_END/,
    play: request({ environment: { CERTGATE_FRONT_END: 'ngnix' } }),
  },
  'the front end is named twice': {
    cause: /code names the front end "nginx", and .*CERTGATE_FRONT_END names "haproxy"/,
    advice: /Remove the variable/,
    play: request({ options: { frontEnd: 'nginx', ...proven }, environment: { CERTGATE_FRONT_END: 'haproxy' } }),
  },
  'a secret that App Service has no use for': {
    cause: /frontEndSecret .*is given, but the front end "app-service" needs neither/,
    advice: /Remove it/,
    play: request({ options: { frontEnd: 'app-service', frontEndSecret: secret }, environment: onAzure }),
  },
  'nothing proves the front end': {
    cause: /Nothing shows that requests come through the front end "nginx"/,
    advice: /CERTGATE_FRONT_END_SECRET/,
    play: request({ options: { frontEnd: 'nginx' } }),
  },
  'the secret went missing': {
    cause: /frontEndSecret is given, but it is undefined/,
    advice: /Set that one or CERTGATE_FRONT_END_SECRET/,
    play: request({ options: { frontEnd: 'nginx', frontEndSecret: undefined } }),
  },
  'the secret was rotated on one side': {
    cause: /did not bring the secret of the front end/,
    advice: /rotated on one side only/,
    play: atNginx(() => ({ 'x-certgate-front-end': 'z'.repeat(43) }), { frontEnd: 'nginx', frontEndSecret: secret }),
  },
  'the caller sends no certificate in the handshake': {
    cause: /No client certificate came with the request/,
    advice: /A TLS library sends none.*if it was not given the certificate with its key/,
    play: atAppService(() => ''),
  },
  'the header of another front end comes': {
    cause: /check that the front end .* is the one that the app names/,
    missed: ['line'],
    advice: /is the one that the app names/,
    play: atNginx(() => ({ 'x-arr-clientcert': 'MII=' })),
  },
  'PEM comes where base64 is expected': {
    cause: /header is PEM/,
    advice: /frontEnd/,
    play: atAppService(() => pem().replaceAll('\n', ' ')),
  },
  'the header is cut short': {
    cause: /cut short/,
    advice: /must write the header as the app expects it/,
    play: atAppService(() => 'MIIBAAAA'),
  },
  'the header has two values': {
    cause: /more than one value/,
    advice: /replace what clients send/,
    play: atAppService(() => 'MIIB, MIIB'),
  },
  'the header is too large': {
    cause: /has 20000 characters; 16384 are read/,
    advice: /smaller certificate/,
    play: atAppService(() => 'A'.repeat(20_000)),
  },
  'the front end did not verify the certificate': {
    cause: /The front end says "FAILED/,
    advice: /the CA that issued/,
    play: atNginx(() => ({
      'ssl-client-cert': encodeURIComponent(pem()),
      'ssl-client-verify': 'FAILED:unable to get issuer certificate',
    })),
  },
  'an app setting locks': {
    cause: /CERTGATE_LOCKED is set/,
    advice: /remove the variable/,
    play: async () => {
      process.env['CERTGATE_LOCKED'] = 'true';
      try {
        return await request({ options: { frontEnd: 'app-service' }, environment: onAzure })();
      } finally {
        Reflect.deleteProperty(process.env, 'CERTGATE_LOCKED');
      }
    },
  },
};

/** Plays a denial that a host's adapter reports. */
const ofHost = <Code extends DenialCode>(
  code: Code,
  facts: DenialFacts[Code],
  cause: RegExp,
  advice: RegExp,
): Scene => ({
  cause,
  advice,
  play: async () => {
    await begin();
    return play({ reading: { denial: deny(code, facts) } });
  },
});
const GetOrder = { functionName: 'GetOrder' };
export const hostScenes: Readonly<Record<string, Scene>> = {
  'HTTP streaming loses a request': ofHost(
    'http_streaming_ambiguous',
    {},
    /no proxied request with the id/,
    /update the Functions host/,
  ),
  'an MCP client uses SSE': ofHost(
    'mcp_transport_unsupported',
    { ...GetOrder, transport: 'sse' },
    /"sse"/,
    /without \/sse/,
  ),
  'the MCP extension is too old': ofHost(
    ...([
      'mcp_headers_unavailable',
      { ...GetOrder, problem: 'headers_missing' },
      /has no headers/,
      /extension bundle/,
    ] as const),
  ),
  'secureApp threw, and the app went on': ofHost(
    ...([
      'gate_setup_failed',
      { fault: 'trustStore is missing.' },
      /trustStore is missing/,
      /deploy the app again/,
    ] as const),
  ),
  'secureApp was not called': ofHost(
    ...([
      'gate_not_installed',
      { host: 'functions' },
      /without an authenticated client/,
      /Call secureApp in a file/,
    ] as const),
  ),
  'a hook passes on a copy of the context': ofHost(
    'invocation_unknown',
    GetOrder,
    /a copy, a proxy/,
    /the very context/,
  ),
  'the gate itself fails': ofHost(
    'internal_fault',
    { problem: 'failed', fault: 'x' },
    /Certgate failed while/,
    /Report it/,
  ),
};
