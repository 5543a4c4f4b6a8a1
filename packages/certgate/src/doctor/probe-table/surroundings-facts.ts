import { type FactsOf, needsAllowedCaller } from './probe-facts.js';

/** Facts of the probes about other protocols, about other addresses of the app, and about what its answers reveal. */
export const surroundingsFacts: FactsOf<'surroundings'> = {
  'no-server-name': {
    sends:
      'without a server name in the handshake (SNI): a request by the four callers, and with the allowed certificate',
    claim: 'Without SNI, nobody gets in who must be refused.',
    failure: 'Without SNI the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Let the front end ask for certificates whatever the server name is, or refuse handshakes without one.',
    wouldTell: needsAllowedCaller,
  },
  'tls-1.2': {
    sends: 'over TLS 1.2 only: without a certificate, with a forged header, with the allowed certificate',
    claim: 'Over TLS 1.2 the gate decides the same.',
    failure: 'Over TLS 1.2 the front end passes on something else: no certificate, or a forged one.',
    remedy:
      'Set the client certificate mode to Required, without exclusion paths. If a proxy is in front of the app, check its TLS 1.2.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Ask for the certificate in the handshake, and not after the request.' },
  },
  'tls-1.3': {
    sends: 'over TLS 1.3 only: without a certificate, with a forged header, with the allowed certificate',
    claim: 'Over TLS 1.3 the gate decides the same.',
    failure: 'Over TLS 1.3 the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Remove exclusion paths and the mode OptionalInteractiveUser, which need TLS 1.2 and must switch 1.3 off.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Ask for the certificate in the handshake, and not after the request.' },
  },
  'http-2': {
    sends: 'over HTTP/2: without a certificate, with a forged header, with the allowed certificate',
    claim: 'Over HTTP/2 the gate decides the same.',
    failure: 'Over HTTP/2 the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Switch HTTP/2 off (http20Enabled: false).',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Let the server treat HTTP/2 like HTTP/1.1, or switch it off.' },
  },
  'plain-http': {
    sends: 'a request over plain HTTP, without any certificate or header of one',
    claim: 'Plain HTTP reaches no function.',
    failure:
      'The app answers over plain HTTP, where there is no certificate, and others can read and change what is sent.',
    remedy: 'Set httpsOnly to true.',
    wouldTell: 'A redirect to https, or a port on which nothing answers. Run `az functionapp show --query httpsOnly`.',
    isIndependent: true,
    ofAnyServer: { remedy: 'Switch plain HTTP off, or redirect it to https.' },
  },
  'scm-site': {
    sends: 'a request without a certificate to NAME.scm.azurewebsites.net',
    claim: 'The SCM site requires a sign-in.',
    failure: 'The SCM site, from which the app can be replaced, answers without a sign-in.',
    remedy: 'Restrict access to the SCM site (scmIpSecurityRestrictions), and switch basic publishing credentials off.',
    wouldTell: 'A definite answer of the SCM site.',
    isIndependent: true,
  },
  'refusal-reason': {
    seeksNoOpening: true,
    sends: 'nothing more: it reads the refusals of the other probes',
    claim: 'A refused caller does not learn why.',
    failure:
      'A refusal says why, or differs between no certificate and a denied one: anyone who probes the app learns what to try next.',
    remedy:
      'Send one answer to all refused callers, and write the reason to the log. Certgate says more only in Development.',
    wouldTell: 'A refusal with an answer.',
    isPassive: true,
    ofAnyServer: { remedy: 'Send one answer to all refused callers, and write the reason to the log.' },
  },
  'refusal-content': {
    sends: 'nothing more: it compares the refusals with what the allowed caller got',
    claim: 'A refusal does not contain what the allowed caller gets.',
    failure: 'A refused caller still gets the content: the function runs before the gate decides.',
    remedy: 'Let the gate decide before the function runs.',
    wouldTell: 'An allowed caller who gets an answer of some length.',
    isPassive: true,
  },
  'software-version': {
    seeksNoOpening: true,
    sends: "nothing more: it reads the header fields and the bodies of the other probes' refusals",
    claim: 'The answers name no version of the software.',
    failure: 'The answers name software and its version: anyone who probes the app knows which faults to try.',
    remedy: 'Remove the field (Server, X-Powered-By, X-AspNet-Version) or the text.',
    wouldTell: 'An answer.',
    isPassive: true,
  },
  'large-body': {
    seeksNoOpening: true,
    sends: 'with --with-large-body: a POST of 1 byte and one of 128 KiB, with the allowed certificate',
    claim: 'A body of more than 100 KB is accepted.',
    failure:
      'The front end asks for the certificate after the request (exclusion paths, OptionalInteractiveUser) and refuses larger bodies.',
    remedy: 'Remove the exclusion paths, and use the mode Required or Optional.',
    wouldTell: 'A function that answers a small POST of the allowed caller with 2xx.',
    needsNoControl: true,
    ofAnyServer: {
      failure: 'It is refused. The server may have a lower limit, or ask for the certificate after the request.',
      remedy: 'Raise the limit, or ask for the certificate in the handshake.',
    },
  },
};
