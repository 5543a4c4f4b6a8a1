import { X509Certificate } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type FrontEndName, findFrontEnd, readCertificateText } from '@certgate/core/internal';
import type { DoctorOptions } from '../doctor.js';
import type { DoctorStage } from './doctor-stage.js';
import { type Behaviour, type Reply, type SeenRequest, forwardStrictly, valuesOf } from './faulty-servers.js';

/**
 * A server that asks for client certificates, but in one way admits callers whom it must refuse, or shows them what it
 * must not.
 */
export interface OpenServer {
  readonly behaviour: (stage: DoctorStage) => Behaviour;
  /** What the operator must add to the command so that doctor tries this opening. */
  readonly options?: Partial<DoctorOptions>;
}

type Condition = (request: SeenRequest, memory: Memory) => boolean;

/** What a server remembers of earlier requests. */
interface Memory {
  calls: number;
  isAfterAllowed: boolean;
  /** How often the allowed caller called each address. */
  readonly uses: Map<string, number>;
  readonly connections: Set<unknown>;
}

const createMemory = (): Memory => ({ calls: 0, isAfterAllowed: false, uses: new Map(), connections: new Set() });

const isPath =
  (pattern: RegExp): Condition =>
  ({ path }) =>
    pattern.test(path);

const hasField =
  (name: string, pattern = /^/) =>
  ({ fields }: Pick<SeenRequest, 'fields'>): boolean =>
    fields.some(([each, value]) => each.toLowerCase() === name && pattern.test(value));

/** A server that also admits every caller whose request meets the condition. */
function openIf(isOpen: Condition, options: Partial<DoctorOptions> = {}): OpenServer {
  return {
    options,
    behaviour: ({ allowed }) => {
      const own = allowed.der.toString('base64');
      const memory = createMemory();
      return {
        admits: ([value], request) => {
          memory.calls += 1;
          const isAllowed = value === own;
          const address = findAddress(request);
          if (isAllowed) memory.uses.set(address, (memory.uses.get(address) ?? 0) + 1);
          const isAdmitted = isAllowed || isOpen(request, memory);
          memory.isAfterAllowed = isAllowed;
          return isAdmitted;
        },
      };
    },
  };
}

/** A server that accepts the header that the caller wrote, if the request meets the condition. */
function trustsHeaderIf(isOpen: Condition, options: Partial<DoctorOptions> = {}): OpenServer {
  return {
    options,
    behaviour: () => {
      const memory = createMemory();
      return {
        forward: (request) => {
          const values = isOpen(request, memory) ? valuesOf(request) : [];
          return values.length > 0 ? values : forwardStrictly(request);
        },
      };
    },
  };
}

/** The request's parts by which a cache finds an answer. */
function findAddress({ path, query, fields }: SeenRequest): string {
  const find = (name: string): string => fields.find(([each]) => each.toLowerCase() === name)?.[1] ?? '';
  return [path, query, find('user-agent'), find('accept-encoding')].join(' ');
}

/** A server that takes the certificate from another front end's field. */
function readsFieldOf(name: FrontEndName): OpenServer {
  return {
    behaviour: () => ({
      forward: (request) => {
        const find = (field: string): string | undefined =>
          request.fields.find(([each]) => each.toLowerCase() === field)?.[1];
        const extraction = findFrontEnd(name).extract(find);
        const reading = extraction.outcome === 'denied' ? extraction : readCertificateText(extraction);
        const value = reading.outcome === 'read' ? Buffer.from(reading.certificate.der).toString('base64') : undefined;
        return value === undefined ? forwardStrictly(request) : [value];
      },
    }),
  };
}

/** A server that admits the allowed certificate, and every certificate that `isAlike` accepts. */
function comparesOnly(isAlike: (presented: X509Certificate, allowed: X509Certificate) => boolean): OpenServer {
  return {
    behaviour: ({ allowed }) => ({
      admits: ([value]) => {
        const original = new X509Certificate(allowed.der);
        if (value === undefined) return false;
        const presented = new X509Certificate(Buffer.from(value, 'base64'));
        return presented.raw.equals(original.raw) || isAlike(presented, original);
      },
    }),
  };
}

const answers = (answer: NonNullable<Behaviour['answer']>): OpenServer => ({ behaviour: () => ({ answer }) });

const withPost = { withPost: true };
const loopback = /^127\.|^::1$/;
const findCommonName = ({ subject }: X509Certificate): string => /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
const hasType =
  (type: string) =>
  ({ publicKey }: X509Certificate): boolean =>
    publicKey.asymmetricKeyType === type;

/** The kinds of openings in ../shared/data/doctor-openings.txt, in the words of that file. */
export const knownOpenings: Readonly<Record<string, OpenServer>> = {
  'POST is open': openIf(({ method }) => method === 'POST', withPost),
  'HEAD is open': openIf(({ method }) => method === 'HEAD'),
  'OPTIONS is open': openIf(({ method }) => method === 'OPTIONS'),
  'a method override field is open': openIf(hasField('x-http-method-override')),
  'a trailing slash': openIf(isPath(/^\/api\/Orders\/$/)),
  'another letter case of the path': openIf(isPath(/^\/api\/orders$/)),
  'an encoded letter of the path (%4F)': openIf(isPath(/^\/api\/%4Frders$/)),
  'a doubled slash': openIf(isPath(/^\/api\/\/Orders$/)),
  'a semicolon in the path': openIf(isPath(/;/)),
  'dot segments': openIf(isPath(/^\/api\/\.\/Orders$/)),
  'a suffix such as .css': openIf(isPath(/\.css$/)),
  'the second request of a kept connection': openIf(({ isFirst }) => !isFirst),
  "nginx's field (ssl-client-cert) set by the caller": readsFieldOf('nginx'),
  'XFCC set by the caller': readsFieldOf('envoy'),
  "RFC 9440's field set by the caller": readsFieldOf('rfc9440'),
  'X-Client-Certificate set by the caller': readsFieldOf('application-gateway'),
  'X-ARR-ClientCert with an X-Forwarded-For of loopback': trustsHeaderIf(hasField('x-forwarded-for', loopback)),
  'X-ARR-ClientCert over HTTP/1.0': trustsHeaderIf(({ httpVersion }) => httpVersion === '1.0'),
  'X-ARR-ClientCert with another Host': trustsHeaderIf((request) => !hasField('host', /^localhost:/)(request)),
  'X-ARR-ClientCert with POST': trustsHeaderIf(({ method }) => method === 'POST', withPost),
  'X-ARR-ClientCert on a public path first, then the closed one': trustsHeaderIf(
    ({ path, connection }, { connections }) => {
      if (path === '/api/Health') connections.add(connection);
      return connections.has(connection);
    },
  ),
  'X-ARR-ClientCert as PEM': {
    behaviour: () => ({
      forward: (request) => {
        const pem = /BEGIN CERTIFICATE-----(.*)-----END/.exec(valuesOf(request)[0] ?? '')?.[1];
        return pem === undefined ? forwardStrictly(request) : [pem.replaceAll(' ', '')];
      },
    }),
  },
  'X-ARR-ClientCert where the caller names itself as a browser': trustsHeaderIf(hasField('user-agent', /^Mozilla/)),
  'the serial number alone is compared': comparesOnly((one, other) => one.serialNumber === other.serialNumber),
  'the common name alone is compared': comparesOnly((one, other) => findCommonName(one) === findCommonName(other)),
  'any RSA certificate': comparesOnly(hasType('rsa')),
  // The lookalikes are issued under the names of the allowed certificate or of its issuer, so they don't match here.
  'any other issuer than the usual one': comparesOnly(
    ({ issuer }, other) => issuer !== other.issuer && issuer !== other.subject,
  ),
  'a cache that opens after some calls of the allowed caller': openIf(
    (request, { uses }) => (uses.get(findAddress(request)) ?? 0) >= 3,
  ),
  'a cache by user agent and encoding': openIf(
    (request, { uses }) => /Mozilla.* gzip/.test(findAddress(request)) && uses.has(findAddress(request)),
  ),
  'open after sixty calls': openIf((_, { calls }) => calls > 60),
  'open under twenty parallel calls': openIf(({ openConnections }) => openConnections >= 20),
  'data in the body of the 401': answers((_, isAdmitted) => ({
    status: isAdmitted ? 200 : 401,
    body: '{"orders":["of everybody"]}',
  })),
  'an upgrade': openIf(hasField('upgrade', /websocket/)),
  'a query such as debug=1': openIf(({ query }) => /(?:^|&)debug=1(?:&|$)/.test(query)),
  'a cookie': openIf(hasField('cookie')),
};

/** Kinds of openings that were added later. */
export const furtherOpenings: Readonly<Record<string, OpenServer>> = {
  'the key identifier alone is compared': comparesOnly((one, other) => {
    const [presented, original] = [one, other].map(({ raw }) => findKeyIdentifier(raw));
    return presented !== undefined && presented === original;
  }),
  'an expired certificate with an allowed name': comparesOnly(
    (one, other) => findCommonName(one) === findCommonName(other) && Date.parse(one.validTo) < Date.now(),
  ),
  'a self-signed certificate with an allowed name': comparesOnly(
    (one, other) => findCommonName(one) === findCommonName(other) && one.issuer === one.subject,
  ),
  'any key on P-384': comparesOnly(({ publicKey }) => publicKey.asymmetricKeyDetails?.namedCurve === 'secp384r1'),
  'a handshake without a server name': openIf(({ serverName }) => serverName === undefined),
  'an empty X-ARR-ClientCert': openIf(hasField('x-arr-clientcert', /^$/)),
  'X-ARR-ClientCert with Authorization': trustsHeaderIf(hasField('authorization')),
  'X-ARR-ClientCert with Range': trustsHeaderIf(hasField('range')),
  'a conditional request': openIf(hasField('if-none-match')),
  'an encoded letter of the path (%4f)': openIf(isPath(/^\/api\/%4frders$/)),
  'a path that is decoded twice (%254F)': openIf(isPath(/^\/api\/%254Frders$/)),
  'any certificate after a success from the same address': openIf(
    ({ peer }, { isAfterAllowed }) => isAfterAllowed && peer !== undefined,
  ),
  'eight parallel calls': openIf(({ openConnections }) => openConnections >= 8),
  'the cookie of the allowed caller': {
    behaviour: ({ allowed }) => ({
      admits: ([value], { fields }) =>
        value === allowed.der.toString('base64') || hasField('cookie', /session=of-allowed/)({ fields }),
      answer: (_, isAdmitted) =>
        isAdmitted ? { status: 200, headers: { 'Set-Cookie': 'session=of-allowed; Secure; HttpOnly' } } : undefined,
    }),
  },
};

const page: Reply = { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Welcome</html>' };
const refusal = '{"code":"client_certificate_required"}';
const orders = '{"orders":["one","two"]}';
const isOwnHost = hasField('host', /^localhost:/);
const isBrowser = hasField('user-agent', /^Mozilla/);

/** Servers that admit only the allowed caller, but do something else that a probe must not take for an opening. */
export const honestServers: Readonly<Record<string, NonNullable<Behaviour['answer']>>> = {
  'sets cookies for everybody': (_, isAdmitted) => ({
    status: isAdmitted ? 200 : 401,
    headers: { 'Set-Cookie': isAdmitted ? 'session=of-allowed' : 'visitor=1' },
    body: isAdmitted ? orders : refusal,
  }),
  'needs a server name': ({ serverName }) => (serverName === undefined ? { status: 421 } : undefined),
  'has another page for other hosts': (request) => (isOwnHost(request) ? undefined : page),
  'refuses other hosts in other words': (request) =>
    isOwnHost(request) ? undefined : { status: 403, body: '<h1>Host not allowed</h1>' },
  'compresses what browsers get': (request, isAdmitted) => ({
    status: isAdmitted ? 200 : 401,
    ...(isBrowser(request) && hasField('accept-encoding', /gzip/)(request)
      ? { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(isAdmitted ? orders : refusal) }
      : { body: isAdmitted ? orders : refusal }),
  }),
  'answers OPTIONS on every path': ({ method }) => (method === 'OPTIONS' ? { status: 204 } : undefined),
  'has one page for all other paths': ({ path }) => (/^\/api\/Orders$/.test(path) ? undefined : page),
  'leads from a slash at the end to the path': ({ path }) =>
    path.endsWith('/') ? { status: 301, headers: { Location: path.replace(/\/+$/, '') } } : undefined,
  'answers parts to the allowed caller': (request, isAdmitted) =>
    isAdmitted && hasField('range')(request) ? { status: 206, body: orders.slice(0, 4) } : undefined,
  'knows no parameters': ({ query }, isAdmitted) =>
    /debug/.test(query)
      ? { status: 400, body: 'unknown parameter' }
      : isAdmitted
        ? { status: 200, body: orders }
        : undefined,
};

/** The value of the extension `subjectKeyIdentifier` (OID 2.5.29.14), by which certificate stores find certificates. */
function findKeyIdentifier(der: Buffer): string | undefined {
  const start = der.indexOf(Buffer.from('0603551d0e0416', 'hex'));
  return start < 0 ? undefined : der.subarray(start + 7, start + 29).toString('hex');
}
