import { type FactsOf, needsAllowedCaller } from './probe-facts.js';

/** Facts of the probes with requests in another form, from callers who must be refused. */
export const requestFacts: FactsOf<'requests'> = {
  'forwarded-for': {
    sends: 'X-Forwarded-For: 127.0.0.1, by the four callers',
    claim: 'An address that the caller wrote opens nothing.',
    failure: 'The front end or the app lets in callers who claim an address: anybody can write X-Forwarded-For.',
    remedy: 'Remove the rule that trusts the address, or let it read the address of the connection.',
    wouldTell: needsAllowedCaller,
  },
  browser: {
    sends: 'User-Agent: Mozilla/…, by the four callers',
    claim: 'A browser needs a certificate too.',
    failure: 'Callers who claim to be a browser get in.',
    remedy:
      'Set the client certificate mode to Required. In OptionalInteractiveUser, browsers are treated differently.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Remove the rule that depends on the name of the program.' },
  },
  'http-1.0': {
    sends: 'a request over HTTP/1.0, by the four callers',
    claim: 'Callers who must be refused are also refused over HTTP/1.0.',
    failure: 'Over HTTP/1.0 the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Let the front end refuse HTTP/1.0.',
    wouldTell: needsAllowedCaller,
  },
  upgrade: {
    sends: 'a request to switch to the WebSocket protocol, by the four callers',
    claim: 'A request to switch the protocol needs a certificate too.',
    failure: 'A caller who asks for a WebSocket gets past the gate.',
    remedy: 'Switch WebSockets off, or let the gate decide before the switch.',
    wouldTell: needsAllowedCaller,
  },
  'second-request': {
    sends: 'two requests on one connection, by the four callers: the forged header is in the second',
    claim: 'The second request on a connection is decided like the first.',
    failure: 'The front end removes or replaces the header in the first request on a connection only.',
    remedy: 'Update the front end, or let it close the connection after each answer.',
    wouldTell: needsAllowedCaller,
  },
  'public-first': {
    sends:
      'with --public-function: the forged header to that function, then a request to the closed one, on the same connection and on another',
    claim: 'A header that the caller sent to a public function opens no other.',
    failure: 'The front end or the app remembers a header that a caller wrote in an earlier request.',
    remedy: 'Let the front end remove the header on every path, and the app decide each request by that request.',
    wouldTell: needsAllowedCaller,
  },
  'after-allowed': {
    sends:
      'a request with the allowed certificate, and then from the same address one of the four callers, each in turn',
    claim: 'A success of the allowed caller opens nothing for others at its address.',
    failure: 'After the allowed caller, others from its address get in.',
    remedy: "Check the certificate of each request, and not the caller's address.",
    wouldTell: needsAllowedCaller,
  },
  trace: {
    seeksNoOpening: true,
    sends: 'TRACE with Max-Forwards: 0; without a certificate, and with the denied one',
    claim: 'Nothing on the way answers TRACE.',
    failure: 'What answers TRACE repeats the request, with the header fields and secrets that were added on the way.',
    remedy: 'Switch TRACE off (Apache: TraceEnable off).',
    wouldTell: needsAllowedCaller,
  },
  'other-method': {
    sends: 'HEAD and OPTIONS, by the four callers',
    claim: 'HEAD and OPTIONS need a certificate too, or are not answered by the function.',
    failure: 'A caller who must be refused gets an answer with another method.',
    remedy: 'Remove the rule that depends on the method. Run `certgate app inspect`.',
    wouldTell: 'An answer that is a refusal, or the same for a function that does not exist.',
    ofAnyServer: { remedy: 'Remove the rule that depends on the method.' },
  },
  'other-field': {
    sends:
      'Authorization, Range, a conditional request, fields that name another method, made-up cookies, and the cookies that the allowed caller got; each by the four callers',
    claim: 'These fields open nothing.',
    failure: 'A header field that any caller can write opens the function.',
    remedy: 'Remove the rule that depends on the field. Whatever a request contains, it needs an allowed certificate.',
    wouldTell: needsAllowedCaller,
  },
  'other-query': {
    sends:
      'the query with debug, test, admin, trace and preview, all with the value 1 and then true; by the four callers',
    claim: 'These parameters open nothing.',
    failure: 'A parameter of the query opens the function.',
    remedy: 'Remove the rule that depends on the query.',
    wouldTell: needsAllowedCaller,
  },
  'other-path': {
    sends:
      'the path with a slash at the end, in upper and lower case, with a letter that is percent-encoded once or twice, double slashes, ;x, /., /x/.. and a static extension; without a certificate, and with the denied one',
    claim: 'Other spellings of the path open nothing.',
    failure: 'Another spelling of the path gets past the gate.',
    remedy:
      'Remove rules and exclusion paths that compare the path. Everything that reaches the function must pass the gate.',
    wouldTell: 'An answer that is a refusal, or the same for a function that does not exist.',
  },
  'other-host': {
    sends: 'the request with another Host (localhost, and each --also-host), to the same address, by the four callers',
    claim: 'The other hosts open nothing.',
    failure: 'Under another host the front end lets in callers who must be refused.',
    remedy: 'Let the front end treat every host that reaches the app in the same way, and refuse other hosts.',
    wouldTell: 'An answer that is a refusal, or the same for a function that does not exist.',
  },
  post: {
    sends: 'with --with-post: a POST, and one with X-HTTP-Method-Override: GET, by the four callers',
    claim: 'POST needs a certificate too.',
    failure: 'A caller who must be refused is let in with POST.',
    remedy: 'Remove the rule that depends on the method. Run `certgate app inspect`.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Remove the rule that depends on the method.' },
  },
  parallel: {
    sends:
      'eight requests at once, twice: without a certificate, with the denied one, and with the allowed one between them',
    claim: 'Parallel requests are decided each by its own certificate.',
    failure: 'Under parallel calls, callers who must be refused get in: requests share what only one of them may have.',
    remedy:
      'Keep nothing of a request in a variable that other requests can read. Whatever the load is, let the gate refuse.',
    wouldTell: needsAllowedCaller,
  },
};
