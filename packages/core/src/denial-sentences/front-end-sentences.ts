import type { DenialFacts } from '../denial-facts.js';
import type { Sentences } from './sentence-parts.js';

type FrontEndCode = Extract<
  keyof DenialFacts,
  `front_end_${string}` | `http_${string}` | `mcp_${string}` | `gate_${string}` | `invocation_${string}`
>;

/**
 * The sentences about what is checked before the certificate: what the operator set up, and how the call reached the
 * gate.
 */
export const frontEndSentences: Sentences<FrontEndCode> = {
  front_end_unknown: (facts) => (facts.problem === 'setting_not_valid' ? facts.fault : describeUnnamed(facts)),
  front_end_contradicted: describeContradiction,
  front_end_unproven: (facts) => {
    switch (facts.problem) {
      case 'secret_undefined':
        return 'frontEndSecret is given, but it is undefined: the variable that it is read from is not set, so every call is refused. Set that one or CERTGATE_FRONT_END_SECRET, or leave the option out.';
      case 'secret_empty':
        return 'The environment variable CERTGATE_FRONT_END_SECRET is there, but it is empty, so every call is refused. Give it the secret that the front end sends, or remove the variable.';
      case 'no_proof':
        return `Nothing shows that requests come through the front end "${facts.frontEnd}", and anybody who reaches the app past it can claim any certificate, so every call is refused. Either let it send a secret in x-certgate-front-end-secret, and give it to the app as CERTGATE_FRONT_END_SECRET or frontEndSecret. Or state with frontEndIsolation or CERTGATE_FRONT_END_ISOLATION what keeps everybody else from the app: see docs/front-ends.md.`;
    }
  },
  front_end_bypassed: () =>
    'The request did not bring the secret of the front end in x-certgate-front-end-secret. Either it came past the front end, or the front end does not send the secret of CERTGATE_FRONT_END_SECRET or frontEndSecret.',
  http_streaming_ambiguous: () =>
    'HTTP streaming is on, and the gate found no proxied request with the id of this invocation, or two. If it happens often, the host and @azure/functions may disagree about streaming: update both.',
  mcp_transport_unsupported: ({ functionName, transport }) =>
    `The MCP call of "${functionName}" came over another transport than streamable HTTP (${transport === undefined ? 'one that Certgate does not know' : `"${transport}"`}), so its headers may be those of another request. The client must use streamable HTTP: the address /runtime/webhooks/mcp, without /sse.`,
  mcp_headers_unavailable: ({ functionName, problem }) => {
    if (problem === 'called_past_gate')
      return `The handler of the MCP function "${functionName}" was called past the gate, so no certificate can be read. Call it by its MCP trigger, or within an invocation that the gate has admitted. If the host called it, this worker hides the headers from Certgate: update @certgate/azure-functions.`;
    const what = problem === 'headers_missing' ? 'has no headers' : 'does not name its transport';
    return `The host's MCP call of "${functionName}" ${what}, so no certificate can be read. Azure's MCP extension passes the headers on since version 1.0.0: update the extension bundle in host.json.`;
  },
  gate_setup_failed: ({ fault }) =>
    `secureApp failed, so every call of an HTTP or MCP function is refused, of functions with allowAnonymous too: ${fault}`,
  gate_not_installed: ({ host, gates }) =>
    host === 'functions'
      ? 'A function that requires a role was called without an authenticated client. Call secureApp(app, …) in a file that "main" in package.json loads; in a unit test, use withClientIdentity.'
      : gates === undefined
        ? 'A route that requires a role was called, and no gate had let the request pass. Close the app or its server.'
        : 'A route that requires a role was called, and two gates of a Fastify app had let the request pass. Let the route say by config.certgate what it requires.',
  invocation_unknown: ({ functionName }) =>
    `The handler of "${functionName}" was called with a context that belongs to no invocation which the gate has seen: one made by hand, a copy, a proxy, or that of an invocation which began before secureApp was called. A hook or handler that calls it must pass on the context that the Functions worker gave to its own invocation.`,
};

function describeContradiction(facts: DenialFacts['front_end_contradicted']): string {
  switch (facts.problem) {
    case 'named_twice':
      return `The code names the front end "${facts.frontEnd}", and the environment variable CERTGATE_FRONT_END names "${facts.otherFrontEnd}", so every call is refused. Remove the variable, or give it the same name.`;
    case 'other_platform':
      return `The front end is said to be "${facts.frontEnd}", but this process runs on another platform (${facts.platformMarks.join(', ')}), where anybody can set x-arr-clientcert.`;
    case 'proof_not_needed': {
      const given =
        facts.given === 'secret'
          ? 'frontEndSecret or CERTGATE_FRONT_END_SECRET'
          : 'frontEndIsolation or CERTGATE_FRONT_END_ISOLATION';
      return `${given} is given, but the front end "${facts.frontEnd}" needs neither a secret nor an isolation: the platform lets nobody past it. Remove it, or name the front end that is there.`;
    }
    case 'direct_tls':
      return `The code names direct-tls, but the environment variable ${facts.setting} is for a front end. Remove one of the two.`;
  }
}

type Unnamed = Extract<DenialFacts['front_end_unknown'], { readonly problem: 'not_named' }>;

function describeUnnamed(facts: Unnamed): string {
  const { host, hostMarks, isDevelopmentClaimed } = facts;
  const marks = hostMarks.join(', ');
  const place = marks === '' ? 'no known host' : `a host that is known by ${marks}`;
  const unknown = `It is not known which front end sets the certificate header (${place}), so every call is refused.`;
  const remedy = describeNaming(facts);
  if (!isDevelopmentClaimed || host === 'server') return `${unknown} ${remedy}`;
  const why =
    marks === ''
      ? 'nothing shows that this is a local host: it is not run by `certgate dev`, and Core Tools would have set FUNCTIONS_CORETOOLS_ENVIRONMENT and a WEBSITE_HOSTNAME of this machine'
      : `this environment has ${marks} of another host`;
  return `${unknown} AZURE_FUNCTIONS_ENVIRONMENT is Development, which is ignored, since ${why}. On your own machine, start the app by \`npx --no-install certgate dev\` or \`func start\`. Elsewhere: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`;
}

/**
 * How to name the front end. App Service comes first only for a Functions app on Azure: if no such front end is there,
 * its name lets anybody send the header.
 */
function describeNaming({ host, isOnAzure, frontEnds }: Unnamed): string {
  if (host === 'functions' && isOnAzure)
    return "Name it with the option frontEnd: 'app-service' or the app setting CERTGATE_FRONT_END=app-service, but only if App Service's front end is the only way to this app. If another front end is there, name that one.";
  const direct = host === 'server' ? `, or frontEnd: 'direct-tls' where TLS ends in this process` : '';
  return `Name what ends TLS in front of this app with the option frontEnd or the environment variable CERTGATE_FRONT_END: ${frontEnds.join(', ')}${direct}. The name app-service is for apps on Azure that can be reached only through App Service's front end. Anywhere else, every caller could claim any certificate. See docs/front-ends.md.`;
}
