import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { findFrontEnd, type FrontEndName, frontEndNames, readCertificateText } from '@certgate/core/internal';
import type { DoctorOptions } from '../packages/certgate/dist/esm/doctor/doctor.js';
import type * as probeTableModule from '../packages/certgate/dist/esm/doctor/probe-table.js';
import type * as publishedReportModule from '../packages/certgate/dist/esm/doctor/published-report.js';
import type * as targetModule from '../packages/certgate/dist/esm/doctor/target.js';
import type * as carelessTlsServerModule from '../packages/certgate/dist/esm/doctor/test-support/careless-tls-server.js';
import type * as doctorStageModule from '../packages/certgate/dist/esm/doctor/test-support/doctor-stage.js';
import type * as faultyServersModule from '../packages/certgate/dist/esm/doctor/test-support/faulty-servers.js';
import { type ProxyVariant, proxyVariants, reasonToSkip, startProxy } from './front-ends/proxies.js';
import { type ProxyName, proxyNames } from './front-ends/proxy-programs.js';
import { openssl } from './test-support/openssl.js';
import { root } from './test-support/certgate.js';

// Tests `certgate doctor` with servers that each have one opening or one fault. The file takes long, so it runs with
// the tests of hosts. What doctor says about a good server is tested next to its code.

type ProbeId = probeTableModule.ProbeId;
type DoctorStage = doctorStageModule.DoctorStage;
type ExaminedPort = doctorStageModule.ExaminedPort;
type Behaviour = faultyServersModule.Behaviour;

const { probeIds } = (await importBuilt('probe-table.js')) as typeof probeTableModule;
const { createRedactedReport } = (await importBuilt('published-report.js')) as typeof publishedReportModule;
const { parseTarget } = (await importBuilt('target.js')) as typeof targetModule;
const { allowedName, createDoctorStage, examinePort, judgePort, listIds } = (await importBuilt(
  'test-support/doctor-stage.js',
)) as typeof doctorStageModule;
const { startCarelessTlsServer } = (await importBuilt(
  'test-support/careless-tls-server.js',
)) as typeof carelessTlsServerModule;
const { forwardStrictly, startLenientServer, startServer, valuesOf } = (await importBuilt(
  'test-support/faulty-servers.js',
)) as typeof faultyServersModule;

/**
 * Imports a compiled file that no package exports. The path starts at the root, because the compiled test is one folder
 * deeper than its source.
 */
function importBuilt(file: string): Promise<unknown> {
  return import(pathToFileURL(join(root, 'packages/certgate/dist/esm/doctor', file)).href);
}

const forgeries: readonly ProbeId[] = probeIds.filter(
  (id) => id.startsWith('forged-') || id === 'lookalike-certificate',
);

interface Fault {
  readonly behaviour: Making<Behaviour>;
  readonly fails: readonly ProbeId[];
  /**
   * The probes whose verdict is `cannot-tell`. By default there are none: all others hold. `any` does not check them,
   * because they depend on whether a caller is admitted.
   */
  readonly cannotTell?: 'any' | readonly ProbeId[];
  /** Set if everybody gets the same answer, even the allowed caller, so that the answer shows nothing. */
  readonly showsNothing?: true;
  readonly options?: Making<Partial<DoctorOptions>>;
}

/**
 * An app that reads the header fields of a front end as Certgate does, behind something that passes on what the client
 * wrote.
 */
function readFrontEnd(name: FrontEndName): (stage: DoctorStage) => Behaviour {
  return ({ allowed }) => ({
    forward: (request) => {
      if (request.peer !== undefined) return [request.peer];
      const find = (field: string): string | undefined =>
        request.fields.find(([each]) => each.toLowerCase() === field)?.[1];
      const extraction = findFrontEnd(name).extract(find);
      const reading = extraction.outcome === 'denied' ? extraction : readCertificateText(extraction);
      return reading.outcome === 'read' ? [Buffer.from(reading.certificate.der).toString('base64')] : [];
    },
    admits: ([value]) => value === allowed.der.toString('base64'),
  });
}

/**
 * The front ends that run through all probes. Every other front end of core's list, even a new one, gets a test below
 * with only the probes that must fail.
 */
const examinedFrontEnds: readonly FrontEndName[] = ['app-service', 'nginx'];
const frontEndFaults = Object.fromEntries(
  examinedFrontEnds.flatMap((name): readonly (readonly [string, Fault])[] => {
    const behaviour = readFrontEnd(name);
    const asNamed = [
      `trusts what a client writes for ${name}, which is named`,
      { behaviour, fails: ['forged-header'], cannotTell: 'any', options: () => ({ frontEnd: name }) },
    ] as const;
    if (name === 'app-service') return [asNamed];
    return [
      asNamed,
      [`trusts what a client writes for ${name}`, { behaviour, fails: ['forged-header-of-others'], cannotTell: 'any' }],
    ];
  }),
);

type Making<T> = (stage: DoctorStage) => T;

/** A server for which one probe fails and all others hold. */
const errs = (id: ProbeId, behaviour: Making<Behaviour>, options?: Making<Partial<DoctorOptions>>): Fault => ({
  behaviour,
  fails: [id],
  ...(options === undefined ? {} : { options }),
});

/**
 * A server for which one probe fails. The probes that depend on whether a caller is admitted may have any other
 * verdict.
 */
const opens = (id: ProbeId, behaviour: Making<Behaviour>, options?: Making<Partial<DoctorOptions>>): Fault => ({
  ...errs(id, behaviour, options),
  cannotTell: 'any',
});

const showsNothing = (id: ProbeId, behaviour: Making<Behaviour>): Fault => ({
  ...opens(id, behaviour),
  showsNothing: true,
});

/**
 * A server that takes what `find` returns for the caller's certificate, or the certificate of the handshake if `find`
 * returns nothing.
 */
const takes = (find: (request: faultyServersModule.SeenRequest) => readonly string[]) => (): Behaviour => ({
  forward: (request) => {
    const values = find(request);
    return values.length > 0 ? values : forwardStrictly(request);
  },
});

/** A server that admits every certificate in which these fields equal those of the allowed certificate. */
const compares =
  (...names: readonly ('subject' | 'issuer' | 'serialNumber')[]) =>
  ({ allowed }: DoctorStage): Behaviour => ({
    admits: ([value]) => {
      if (value === undefined) return false;
      const [presented, original] = [Buffer.from(value, 'base64'), allowed.der].map((der) => new X509Certificate(der));
      return names.every((name) => presented?.[name] === original?.[name]);
    },
  });

/** A server that is open to callers whose request passes `isOpen`, and otherwise admits only the allowed caller. */
const openTo =
  (isOpen: (request: faultyServersModule.SeenRequest) => boolean) =>
  ({ allowed }: DoctorStage): Behaviour => ({
    admits: ([value], request) => value === allowed.der.toString('base64') || isOpen(request),
  });

const hasField =
  (name: string, pattern: RegExp) =>
  ({ fields }: faultyServersModule.SeenRequest): boolean =>
    fields.some(([each, value]) => each.toLowerCase() === name && pattern.test(value));

const requestFaults: Readonly<Record<string, Fault>> = {
  'is open under another spelling of the path': opens(
    'other-path',
    openTo(({ path }) => path === '/api/Orders;x'),
  ),
  'trusts an address that the caller writes': opens('forwarded-for', openTo(hasField('x-forwarded-for', /^127\./))),
  'lets browsers in': opens('browser', openTo(hasField('user-agent', /^Mozilla/))),
  'does not decide over HTTP/1.0': opens(
    'http-1.0',
    openTo(({ httpVersion }) => httpVersion === '1.0'),
  ),
  'lets in anybody who asks for a WebSocket': opens('upgrade', openTo(hasField('upgrade', /websocket/))),
  'replaces the header in the first request of a connection alone': opens(
    'second-request',
    takes((request) => (request.isFirst ? [] : valuesOf(request))),
  ),
  'repeats the request on TRACE': errs('trace', () => ({
    answer: ({ method, fields }) =>
      method === 'TRACE' ? { status: 200, body: `TRACE / HTTP/1.1\n${fields.join('\n')}` } : undefined,
  })),
  'does not decide HEAD': opens(
    'other-method',
    openTo(({ method }) => method === 'HEAD'),
  ),
  'does not decide OPTIONS': opens(
    'other-method',
    openTo(({ method }) => method === 'OPTIONS'),
  ),
  'is open under another host': opens('other-host', openTo(hasField('host', /^other\.example$/)), () => ({
    alsoHosts: ['third.example', 'other.example'],
  })),
  'takes any cookie for a session': opens('other-field', openTo(hasField('cookie', /^/))),
  'is open for debugging': opens(
    'other-query',
    openTo(({ query }) => query.startsWith('debug=true&')),
  ),
  'is open to everybody after the allowed caller': opens('after-allowed', ({ allowed, denied }) => {
    let isAfterAllowed = false;
    return {
      admits: ([value], { peer }) => {
        const isAllowed = value === allowed.der.toString('base64');
        const isAdmitted = isAllowed || (isAfterAllowed && peer === denied.der.toString('base64'));
        isAfterAllowed = isAllowed;
        return isAdmitted;
      },
    };
  }),
  'reads the header on every connection that began with a public function': opens('public-first', () => {
    const connections = new Set<object>();
    return {
      forward: (request) => {
        if (request.path === '/api/Health') connections.add(request.connection);
        const values = connections.has(request.connection) ? valuesOf(request) : [];
        return values.length > 0 ? values : forwardStrictly(request);
      },
      answer: ({ path }) => (path === '/api/Health' ? { status: 200 } : undefined),
    };
  }),
  'lets everybody in under eight parallel calls': opens(
    'parallel',
    openTo(({ openConnections }) => openConnections >= 8),
  ),
  'asks nobody without a server name': opens(
    'no-server-name',
    openTo(({ serverName }) => serverName === undefined),
  ),
  'admits any RSA key': opens('unknown-certificate', ({ allowed }) => ({
    admits: ([value]) =>
      value === allowed.der.toString('base64') ||
      (value !== undefined && new X509Certificate(Buffer.from(value, 'base64')).publicKey.asymmetricKeyType === 'rsa'),
  })),
  'does not decide POST': opens(
    'post',
    openTo(({ method }) => method === 'POST'),
    () => ({ withPost: true }),
  ),
  'takes another method from a header': opens('post', openTo(hasField('x-http-method-override', /GET/)), () => ({
    withPost: true,
  })),
  'sends what the function said with a refusal': errs('refusal-content', () => ({
    answer: (_, isAdmitted) => ({ status: isAdmitted ? 200 : 401, body: '{"orders":["of everybody"]}' }),
  })),
  'trusts PEM that a client writes, and replaces the rest': opens('forged-header-encoding', () => ({
    forward: (request) => {
      const [value = ''] = valuesOf(request);
      const pem = /^-----BEGIN CERTIFICATE----- (.*) -----END CERTIFICATE-----$/.exec(value)?.[1];
      return pem === undefined ? forwardStrictly(request) : [pem.replaceAll(' ', '')];
    },
  })),
};

const admitted = { status: 200, body: '{"orders":[]}' };
const cache = new Set<string>();

/** The servers, by what they do. Each has one fault. */
const faults: Readonly<Record<string, Fault>> = {
  ...frontEndFaults,
  ...requestFaults,
  'answers everybody': opens('no-certificate', () => ({ admits: () => true })),
  'trusts any certificate': opens('denied-certificate', () => ({ admits: (values) => values.length === 1 })),
  'trusts a header of the client, where no certificate came': opens('forged-header', () => ({
    forward: (request) => (request.peer === undefined ? valuesOf(request) : [request.peer]),
  })),
  'appends the certificate to the header, and takes the first value': opens(
    'forged-header-beside-denied',
    ({ allowed }) => ({
      forward: (request) => (request.peer === undefined ? [] : [...valuesOf(request), request.peer]),
      admits: ([first]) => first === allowed.der.toString('base64'),
    }),
  ),
  'removes the first of two headers': opens('forged-header-twice', () => ({
    forward: (request) => (request.peer === undefined ? valuesOf(request).slice(1) : [request.peer]),
  })),
  'splits one header at the comma, and takes the second value': opens('forged-header-twice', () => ({
    forward: (request) => {
      const [, second] = valuesOf(request)[0]?.split(',') ?? [];
      return second === undefined ? forwardStrictly(request) : [second];
    },
  })),
  'removes the header in one spelling': opens(
    'forged-header-case',
    takes((request) =>
      request.fields
        .filter(([name]) => name !== 'X-ARR-ClientCert' && /^x-arr-clientcert$/i.test(name))
        .map(([, value]) => value),
    ),
  ),
  'takes an underscore for a hyphen': opens(
    'forged-header-underscore',
    takes((request) => valuesOf(request, /^x_arr_clientcert$/i)),
  ),
  'compares names': opens('lookalike-certificate', () => ({
    admits: ([value]) =>
      value !== undefined && new X509Certificate(Buffer.from(value, 'base64')).subject === `CN=${allowedName}`,
  })),
  'compares the names of subject and issuer': opens('lookalike-certificate', compares('subject', 'issuer')),
  'compares names and serial numbers': opens('lookalike-certificate', compares('subject', 'serialNumber')),
  'caches answers by address and query': errs('cached-answer', () => ({
    answer: (request, isAdmitted) => answerFromCache(`${request.path}?${request.query}`, isAdmitted),
  })),
  'caches answers by address alone': opens('cached-answer', () => ({
    answer: (request, isAdmitted) => answerFromCache(request.path, isAdmitted),
  })),
  'ignores certificates': {
    behaviour: () => ({ tls: { requestCert: false } }),
    fails: ['allowed-certificate', 'client-certificate-mode'],
    cannotTell: 'any',
  },
  'ignores certificates over TLS 1.2': {
    behaviour: () => ({
      forward: (request) => (request.tlsVersion === 'TLSv1.2' ? [] : forwardStrictly(request)),
    }),
    fails: ['tls-1.2'],
    cannotTell: ['key-proof-tls-1.2'],
  },
  'trusts a header over TLS 1.2': opens(
    'tls-1.2',
    takes((request) => (request.tlsVersion === 'TLSv1.2' ? valuesOf(request) : [])),
  ),
  'trusts a header over HTTP/2': opens('http-2', () => ({
    isHttp2: true,
    forward: (request) => {
      const values = request.httpVersion === '2.0' ? valuesOf(request) : [];
      return values.length > 0 ? values : forwardStrictly(request);
    },
  })),
  'says why': errs('refusal-reason', () => ({
    answer: ({ peer }, isAdmitted) =>
      isAdmitted ? undefined : { status: 401, body: peer === undefined ? 'No.' : 'No: certificate_not_trusted.' },
  })),
  'names its version': errs('software-version', () => ({
    answer: (_request, isAdmitted) => ({ status: isAdmitted ? 200 : 401, headers: { Server: 'nginx/1.25.3' } }),
  })),
  'names its software': errs('software-version', () => ({
    answer: (_request, isAdmitted) => ({ status: isAdmitted ? 200 : 401, headers: { 'X-Powered-By': 'Express' } }),
  })),
  'has a clock that is ten minutes fast': errs('clock', () => ({
    answer: (_request, isAdmitted) => ({
      status: isAdmitted ? 200 : 401,
      headers: { Date: new Date(Date.now() + 600_000).toUTCString() },
    }),
  })),
  'refuses a large body': errs(
    'large-body',
    () => ({ answer: ({ bodyLength }) => (bodyLength > 100_000 ? { status: 403 } : undefined) }),
    () => ({ withLargeBody: true }),
  ),
  'refuses callers of a public function': errs(
    'public-function',
    () => ({}),
    () => ({}),
  ),
  'admits a certificate that is over': errs(
    'allowed-certificate-expiry',
    ({ expired }) => ({ admits: ([value]) => value === expired.der.toString('base64') }),
    ({ expired }) => ({ allowed: expired }),
  ),
  'has a certificate that is over': opens('server-certificate', ({ expiredServer }) => ({ serverKey: expiredServer })),
  'has a certificate for another host': opens('server-certificate', ({ otherServer }) => ({ serverKey: otherServer })),
  'redirects everybody': showsNothing('allowed-certificate', () => ({
    answer: () => ({ status: 302, headers: { Location: 'https://evil.example/?code=key' } }),
  })),
  'answers 500 to everything': showsNothing('allowed-certificate', () => ({ answer: () => ({ status: 500 }) })),
  'never answers': {
    behaviour: () => ({ answer: () => 'hang' }),
    fails: [],
    cannotTell: 'any',
    showsNothing: true,
    options: () => ({ timeoutMilliseconds: 200 }),
  },
  'resets every connection': showsNothing('allowed-certificate', () => ({ answer: () => 'reset' })),
};

/**
 * The probes that no server above fails: they look at other addresses than the app's, or at something that every
 * Node.js server does in the same way.
 */
const failsElsewhere: readonly ProbeId[] = [
  'forged-header-whitespace',
  'chained-certificate',
  'key-proof-tls-1.2',
  'key-proof-tls-1.3',
  'tls-1.3',
  'plain-http',
  'scm-site',
];

it('every probe fails for some server', () => {
  const failing = Object.values(faults).flatMap(({ fails }) => fails);
  assert.deepEqual(
    probeIds.filter((id) => !failing.includes(id)),
    failsElsewhere,
    'add a server for which the probe fails to faults above',
  );
});

/**
 * The probes that fail for some of the servers above if doctor knows nothing about the server. In this mode, doctor
 * continues after the first admitted forgery.
 */
const expectedOfAnyServer: Readonly<Record<string, readonly ProbeId[]>> = {
  'trusts what a client writes for nginx': ['forged-header-of-others'],
  'appends the certificate to the header, and takes the first value': [
    ...(['forged-header-beside-denied', 'forged-header-twice', 'forged-header-case'] as const),
  ],
  'compares names and serial numbers': ['lookalike-certificate'],
  'is open under another spelling of the path': ['other-path'],
  'does not decide OPTIONS': ['other-method'],
  'does not decide POST': ['post'],
  'trusts a header over HTTP/2': ['http-2'],
  // No probe fails for these. A server that answers everybody may have a page for everybody, and one that answers HEAD
  // may do so without the app.
  'answers everybody': [],
  'does not decide HEAD': [],
  'redirects everybody': [],
  'resets every connection': [],
};

const page = (text: string): faultyServersModule.Reply => ({ status: 200, body: `<html>${text}</html>` });
const isForged = (request: faultyServersModule.SeenRequest): boolean => valuesOf(request).length > 0;
let answered = 0;

/** A server about which doctor knows nothing, the verdict that one probe must reach, and a pattern for its note. */
interface UnknownServer {
  readonly id: ProbeId;
  readonly verdict: 'holds' | 'fails' | 'cannot-tell';
  readonly behaviour: Making<Behaviour>;
  readonly note: RegExp;
}
const judged =
  (id: ProbeId, verdict: UnknownServer['verdict'], note = /^/) =>
  (behaviour: Making<Behaviour>): UnknownServer => ({ id, verdict, behaviour, note });
const forgeryUnclear = judged('forged-header', 'cannot-tell');
const notAdmitted = /allowed caller is not admitted/;
const unasked: Behaviour = { tls: { requestCert: false } };

const unknownServers: Readonly<Record<string, UnknownServer>> = {
  'shows callers who must be refused a page to sign in': judged(
    'forged-header',
    'cannot-tell',
    /no definite refusal/,
  )(() => ({ answer: (_, isAdmitted) => (isAdmitted ? undefined : page('Sign in')) })),
  "answers forgeries with a firewall's page and 200": forgeryUnclear(() => ({
    answer: (request) => (isForged(request) ? page('Are you human?') : undefined),
  })),
  'greets any certificate by its name': judged(
    'denied-certificate',
    'fails',
  )(() => ({
    admits: (values) => values.length === 1,
    answer: ({ peer }, isAdmitted) => {
      if (!isAdmitted) return undefined;
      const { subject } = new X509Certificate(Buffer.from(peer ?? '', 'base64'));
      return page(`Welcome, ${subject}, visit ${(answered += 1)}`);
    },
  })),
  'answers the same caller with 200 and 503 by turns': judged(
    'forged-header',
    'cannot-tell',
    /differ from call to call/,
  )(() => ({ answer: (_, isAdmitted) => (isAdmitted && (answered += 1) % 2 === 0 ? { status: 503 } : undefined) })),
  'admits a forgery once': judged(
    'forged-header',
    'cannot-tell',
    /once, and not again/,
  )(() => {
    let forgeriesSeen = 0;
    return { answer: (request) => (isForged(request) && (forgeriesSeen += 1) === 1 ? admitted : undefined) };
  }),
  'asks for no certificate, and trusts a header': judged(
    'forged-header',
    'fails',
  )(() => ({ ...unasked, forward: valuesOf })),
  'asks for no certificate, and trusts no header': judged('forged-header', 'cannot-tell', notAdmitted)(() => unasked),
  'asks for no certificate': judged('client-certificate-mode', 'cannot-tell')(() => unasked),
  'trusts what a client writes, as nginx is often configured': judged(
    'forged-header-of-others',
    'fails',
  )(({ allowed }) => ({
    admits: ([value], { fields }) => {
      const find = (name: string): string | undefined => fields.find(([each]) => each === name)?.[1];
      const isNamed = find('X-Client-Verify') === 'SUCCESS' && find('X-Client-DN') === `CN=${allowedName}`;
      return isNamed || value === allowed.der.toString('base64');
    },
  })),
  'hides what is closed, and answers forgeries with another 404': forgeryUnclear(() => ({
    answer: (request, isAdmitted) => {
      if (isForged(request)) return { status: 404, body: 'blocked' };
      return isAdmitted ? undefined : { status: 404, body: 'no such page' };
    },
  })),
  'refuses the allowed caller too, and answers OPTIONS to everybody': judged(
    'other-method',
    'cannot-tell',
    notAdmitted,
  )(() => ({
    admits: () => false,
    answer: ({ method }) => (method === 'OPTIONS' ? { status: 200, body: 'GET,HEAD' } : undefined),
  })),
  'refuses the allowed caller too, and has a page for every other path': judged(
    'other-path',
    'cannot-tell',
    notAdmitted,
  )(() => ({ admits: () => false, answer: ({ path }) => (path === '/api/Orders' ? undefined : page('Welcome')) })),
  'admits only the denied caller': judged(
    'denied-certificate',
    'fails',
    /swapped/,
  )(({ denied }) => ({
    admits: ([value]) => value === denied.der.toString('base64'),
  })),
  'refuses without a certificate': judged('forged-header', 'holds')(() => ({})),
};

/** Servers without a fault. doctor reads endless bodies only up to a limit. */
const goodServers: Readonly<Record<string, (stage: DoctorStage) => Behaviour>> = {
  'that asks for a certificate': () => ({}),
  'that refuses callers without one before the app': () => ({
    answer: ({ peer }) => (peer === undefined ? { status: 403, body: '<h1>403.7</h1>' } : undefined),
  }),
  'that refuses the handshake without one': ({ caPem }) => ({ tls: { ca: caPem } }),
  'that speaks HTTP/2 too': () => ({ isHttp2: true }),
  'that speaks TLS 1.2 alone': () => ({ tls: { maxVersion: 'TLSv1.2' } }),
  'whose refusals differ from call to call': () => ({
    answer: ({ query }, isAdmitted) => (isAdmitted ? undefined : { status: 401, body: `${query} ${Math.random()}` }),
  }),
  'that sends bodies without an end': () => ({ answer: () => 'endless' }),
};

describe('doctor', () => {
  let stage: DoctorStage;
  before(() => {
    stage = createDoctorStage();
  });

  const withServer = async <S extends { close(): Promise<void> }, T>(
    server: S,
    use: (server: S) => Promise<T>,
  ): Promise<T> => {
    try {
      return await use(server);
    } finally {
      await server.close();
    }
  };

  for (const [name, behaviour] of Object.entries(goodServers)) {
    it(`finds nothing wrong with a server ${name}`, async () => {
      const report = await withServer(await startServer(stage, behaviour(stage)), ({ port }) =>
        examinePort(stage, port),
      );
      assert.deepEqual(
        report.findings.filter(({ verdict }) => verdict !== 'holds'),
        [],
      );
    });
  }

  for (const [name, { behaviour, fails, cannotTell, showsNothing, options }] of Object.entries(faults)) {
    it(`finds the server that ${name}: ${fails.join(', ')}`, async () => {
      cache.clear();
      const more = options?.(stage) ?? {};
      const server = await startServer(stage, behaviour(stage));
      await withServer(server, async ({ port, seen, shown, connections }) => {
        const isPublic = fails.includes('public-function') || fails.includes('public-first');
        const target = parseTarget(`https://localhost:${port}`, ['Orders'], isPublic ? ['Health'] : []);
        const report = await examinePort(stage, port, { ...more, target });
        assert.deepEqual(listIds(report, 'fails'), fails);
        if (cannotTell !== 'any') assert.deepEqual(listIds(report, 'cannot-tell'), cannotTell ?? []);
        // The app admits the allowed caller and refuses others. Only the cache keeps the probes from showing it.
        if (fails.includes('cached-answer'))
          for (const { note } of report.judgements.values()) assert.doesNotMatch(note, /no function admits/);
        if (fails.includes('server-certificate')) {
          assert.equal(seen.length, 0);
          assert.deepEqual([...shown], []);
        }
        const unknown: readonly ProbeId[] = [
          ...(showsNothing === true ? (['no-certificate', 'denied-certificate', 'public-function'] as const) : []),
          ...(fails.includes('allowed-certificate') || showsNothing === true
            ? ([...forgeries, 'cached-answer', 'tls-1.2', 'http-2'] as const)
            : []),
        ];
        for (const id of unknown) assert.ok(!listIds(report, 'holds').includes(id), id);
        assertNothingAfterForgery(connections(), report);
        assertRedacted(report, stage, port);
        assert.ok(!JSON.stringify(report).includes('code=key'));
      });
    });
  }

  for (const frontEnd of frontEndNames.filter((name) => !examinedFrontEnds.includes(name))) {
    it(`finds the server that trusts what a client writes for ${frontEnd}, named or not`, async () => {
      const ask = async (id: ProbeId, more: Partial<DoctorOptions> = {}): Promise<readonly unknown[]> => {
        const server = await startServer(stage, readFrontEnd(frontEnd)(stage));
        const { verdict, isForgedAdmission } = await withServer(server, ({ port }) => judgePort(stage, port, id, more));
        return [verdict, isForgedAdmission];
      };
      assert.deepEqual(await ask('forged-header', { frontEnd }), ['fails', true]);
      assert.deepEqual(await ask('forged-header-of-others'), ['fails', true]);
    });
  }

  for (const [name, fails] of Object.entries(expectedOfAnyServer)) {
    it(`finds, without knowing the server, what gets in if it ${name}`, async () => {
      cache.clear();
      const { behaviour, options } = faults[name] ?? assert.fail(name);
      const server = await startServer(stage, behaviour(stage));
      const more = { ...options?.(stage), isAnyServer: true };
      const report = await withServer(server, ({ port }) => examinePort(stage, port, more));
      assert.deepEqual(listIds(report, 'fails'), fails);
      if (fails.length > 0) return;
      for (const id of listIds(report, 'holds')) assert.ok(!forgeries.includes(id) || name.includes('HEAD'), id);
      assert.ok(!listIds(report, 'holds').includes('other-method'));
    });
  }

  for (const [what, { id, verdict, behaviour, note }] of Object.entries(unknownServers)) {
    it(`judges ${id} as "${verdict}" if an unknown server ${what}`, async () => {
      const server = await startServer(stage, behaviour(stage));
      const judgement = await withServer(server, ({ port }) => judgePort(stage, port, id, { isAnyServer: true }));
      assert.equal(judgement.verdict, verdict, judgement.note);
      assert.match(judgement.note, note);
    });
  }

  it('lists everything that an unknown server admits, but nothing that it admits only once', async () => {
    const fields = ['x-forwarded-client-cert', 'X-Forwarded-Tls-Client-Cert'];
    let passing = 0;
    const behaviour: Behaviour = {
      answer: ({ fields: sent, peer }) => {
        const found = peer === undefined ? fields.find((name) => sent.some(([each]) => each === name)) : undefined;
        const isOnce = sent.some(([name]) => name === 'X-Client-Verify') && peer === undefined;
        if (isOnce) passing += 1;
        return found !== undefined || (isOnce && passing === 1) ? admitted : undefined;
      },
    };
    const report = await withServer(await startServer(stage, behaviour), ({ port }) =>
      examinePort(stage, port, { isAnyServer: true }),
    );
    assert.equal(passing, 2);
    assert.deepEqual(
      report.gotIn?.map((text) => text.split(' ', 2).join(' ')),
      fields.map((name) => `forged-header-of-others: ${name}`),
    );
  });

  it('finds nothing wrong with a good server of which it knows nothing', async () => {
    const report = await withServer(await startServer(stage, { isHttp2: true }), ({ port }) =>
      examinePort(stage, port, { isAnyServer: true, withPost: true, alsoHosts: ['other.example'] }),
    );
    assert.deepEqual(
      report.findings.filter(({ verdict }) => verdict !== 'holds'),
      [],
    );
  });

  it('cannot tell anything from calls during which a firewall refused this machine', async () => {
    let calls = 0;
    const behaviour: Behaviour = {
      answer: () => ((calls += 1) >= 20 && calls <= 100 ? { status: 403 } : undefined),
    };
    const report = await withServer(await startServer(stage, behaviour), ({ port }) => examinePort(stage, port));
    assert.deepEqual(listIds(report, 'fails'), []);
    const doubtful = [...report.judgements.values()].filter(({ note }) =>
      /^The allowed caller .* not admitted \(403\)/.test(note),
    );
    assert.ok(doubtful.length > 10);
    for (const { verdict, wouldTell } of doubtful) {
      assert.equal(verdict, 'cannot-tell');
      assert.match(wouldTell ?? '', /allow its address.*--rate/);
    }
    // The server's own refusals have status 401, so an answer 403 comes from the firewall.
    for (const { id, verdict, observations } of report.findings)
      if (verdict === 'holds') assert.ok(!observations.some(({ answer }) => answer === '403'), id);
    for (const id of ['cached-answer', 'tls-1.2'] as const) assert.ok(listIds(report, 'holds').includes(id), id);
  });

  for (const [version, id] of [
    ['TLSv1.2', 'key-proof-tls-1.2'],
    ['TLSv1.3', 'key-proof-tls-1.3'],
  ] as const) {
    it(`finds the server that does not check the key over ${version}`, async () => {
      const report = await withServer(await startCarelessTlsServer(stage, version, 'answers'), ({ port }) =>
        examinePort(stage, port),
      );
      assert.deepEqual(listIds(report, 'fails'), [id]);
      assert.ok(listIds(report, 'cannot-tell').includes('tls-1.2'));
    });

    it(`finds the server that accepts any certificate of the handshake over ${version}`, async () => {
      const careless = await startCarelessTlsServer(stage, version, 'takes any certificate of the chain');
      const judgement = await withServer(careless, ({ port }) => judgePort(stage, port, 'chained-certificate'));
      assert.deepEqual([judgement.verdict, judgement.isForgedAdmission], ['fails', true]);
    });

    for (const [carelessness, verdict] of [
      ['says decrypt_error', 'holds'],
      ['says internal_error', 'cannot-tell'],
      ['closes', 'cannot-tell'],
      ['forgets the certificate', 'cannot-tell'],
    ] as const) {
      it(`says "${verdict}" about a server that ${carelessness} if the key is wrong over ${version}`, async () => {
        await withServer(await startCarelessTlsServer(stage, version, carelessness), async ({ port }) => {
          assert.equal((await judgePort(stage, port, id)).verdict, verdict);
          const other = version === 'TLSv1.2' ? 'key-proof-tls-1.3' : 'key-proof-tls-1.2';
          assert.equal((await judgePort(stage, port, other)).verdict, 'not-run');
        });
      });
    }
  }

  for (const path of [
    '/api/Orders/',
    '/API/ORDERS',
    '/api/orders',
    '/api/%4frders',
    '/api/%4Frders',
    '/api/%254Frders',
    '/api//Orders',
    '//api/Orders',
    '/api/Orders;x',
    '/api/./Orders',
    '/x/../api/Orders',
    '/api/Orders.css',
    '/api/Orders/x.css',
  ]) {
    it(`finds that the function is open as ${path}`, async () => {
      const behaviour = openTo((request) => request.path === path)(stage);
      const { verdict, isForgedAdmission } = await withServer(await startServer(stage, behaviour), ({ port }) =>
        judgePort(stage, port, 'other-path'),
      );
      assert.deepEqual([verdict, isForgedAdmission], ['fails', true]);
    });
  }

  const otherPage: Behaviour['answer'] = ({ path }) => (path === '/api/Orders' ? undefined : page('Welcome'));
  const outsideApi: Behaviour['answer'] = ({ path }) => (path.startsWith('/api/') ? undefined : page('Welcome'));
  const fromSlash =
    (status: number, location: string): Behaviour['answer'] =>
    ({ path }) =>
      path.endsWith('/') ? { status, headers: { Location: location } } : undefined;
  const options =
    (isSo: (path: string) => boolean): Behaviour['answer'] =>
    ({ method, path }) =>
      method === 'OPTIONS' && isSo(path) ? { status: 204 } : undefined;
  const judgements: Readonly<Record<string, readonly [ProbeId, string, Behaviour['answer']]>> = {
    'answers other paths with one page': ['other-path', 'holds', otherPage],
    'answers paths that it does not take for an API with one page': ['other-path', 'holds', outsideApi],
    'leads back from a slash at the end': ['other-path', 'holds', fromSlash(301, '/api/Orders')],
    'leads elsewhere from a slash at the end': ['other-path', 'cannot-tell', fromSlash(302, '/login')],
    'answers OPTIONS for every path': ['other-method', 'holds', options(() => true)],
    'answers OPTIONS where there is a function': [
      'other-method',
      'cannot-tell',
      options((path) => path === '/api/Orders'),
    ],
    'does not know TRACE': ['trace', 'holds', ({ method }) => (method === 'TRACE' ? { status: 501 } : undefined)],
    'ends a connection on TRACE': ['trace', 'cannot-tell', ({ method }) => (method === 'TRACE' ? 'reset' : undefined)],
    'ends a connection after each answer': [
      ...(['second-request', 'not-run'] as const),
      (_, isAdmitted) => ({ status: isAdmitted ? 200 : 401, headers: { Connection: 'close' } }),
    ],
    'refuses in the words of its answer, which are few': [
      ...(['refusal-content', 'cannot-tell'] as const),
      (_, isAdmitted) => ({ status: isAdmitted ? 200 : 401, body: 'ok' }),
    ],
  };
  for (const [what, [id, verdict, answer]] of Object.entries(judgements)) {
    it(`says "${verdict}" about the server that ${what}`, async () => {
      const server = await startServer(stage, answer === undefined ? {} : { answer });
      assert.equal((await withServer(server, ({ port }) => judgePort(stage, port, id))).verdict, verdict);
    });
  }

  it('never sends the allowed certificate to another path', async () => {
    const server = await startServer(stage, {});
    await withServer(server, ({ port }) => examinePort(stage, port, { alsoHosts: ['other.example'] }));
    const allowed = stage.allowed.der.toString('base64');
    const others = server.seen.filter(({ path }) => path !== '/api/Orders');
    assert.ok(others.length >= 20);
    for (const { fields, peer } of others) {
      assert.notEqual(peer, allowed);
      assert.ok(!JSON.stringify(fields).includes(allowed.slice(40, 80)));
    }
  });

  it('tests key proofs with RSA keys too, and cannot tell with keys whose public half follows from the secret one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-doctor-'));
    try {
      for (const [kind, verdict] of [
        ['rsa:3072', 'holds'],
        ['ed25519', 'cannot-tell'],
      ] as const) {
        const files = ['-keyout', 'caller.key.pem', '-out', 'caller.crt.pem'];
        openssl(['req', '-x509', '-newkey', kind, '-nodes', '-subj', '/CN=caller', ...files], folder);
        const [certificatePem, privateKeyPem] = ['crt', 'key'].map((name) =>
          readFileSync(join(folder, `caller.${name}.pem`), 'utf8'),
        );
        if (certificatePem === undefined || privateKeyPem === undefined) throw new Error('no files');
        const { raw: der, fingerprint256 } = new X509Certificate(certificatePem);
        const allowed = { certificatePem, privateKeyPem, der, thumbprintSha256: fingerprint256.replaceAll(':', '') };
        const behaviour: Behaviour = { admits: ([value]) => value === der.toString('base64') };
        await withServer(await startServer(stage, behaviour), async ({ port }) => {
          for (const id of ['key-proof-tls-1.2', 'key-proof-tls-1.3'] as const)
            assert.equal((await judgePort(stage, port, id, { allowed })).verdict, verdict, `${kind} ${id}`);
        });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('finds the server that ignores white space around a header name: forged-header-whitespace', async () => {
    const report = await withServer(await startLenientServer(stage), ({ port }) => examinePort(stage, port));
    assert.deepEqual(listIds(report, 'fails'), ['forged-header-whitespace']);
  });
});

/**
 * Examines an app that admits only the allowed certificate, behind a proxy with its configuration from
 * examples/front-ends.
 */
async function examineBehind(
  stage: DoctorStage,
  [name, variant, frontEnd]: readonly [ProxyName, ProxyVariant, FrontEndName],
  more: Partial<DoctorOptions>,
): Promise<ExaminedPort> {
  const app = createServer(({ headers }, response) => {
    const extraction = findFrontEnd(frontEnd).extract((field) => headers[field]?.toString());
    const reading = extraction.outcome === 'denied' ? extraction : readCertificateText(extraction);
    const isAllowed = reading.outcome === 'read' && stage.allowed.der.equals(reading.certificate.der);
    response.writeHead(isAllowed ? 200 : 401).end();
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  const { cert, key } = stage.server;
  try {
    const proxy = await startProxy(name, variant, {
      certificates: { server: { cert: cert + stage.caPem, key }, clientCa: { pem: stage.caPem, der: Buffer.alloc(0) } },
      upstreamPort: (app.address() as AddressInfo).port,
      frontEndSecret: 'of-the-front-end-0123456789._~+/=',
    });
    try {
      return await examinePort(stage, proxy.port, more);
    } finally {
      await proxy.stop();
    }
  } finally {
    app.closeAllConnections();
    app.close();
  }
}

for (const name of proxyNames) {
  describe(name, { skip: reasonToSkip(name) }, () => {
    for (const variant of proxyVariants) {
      it(`is closed to every probe, with its file ${variant}`, async () => {
        const frontEnd: FrontEndName = name === 'apache' ? 'rfc9440' : name;
        const more: Partial<DoctorOptions> = { frontEnd, withPost: true, alsoHosts: ['other.example'] };
        const report = await examineBehind(createDoctorStage(), [name, variant, frontEnd], more);
        // Debian's nginx and httpd name their versions in answers.
        assert.deepEqual(
          listIds(report, 'fails').filter((id) => id !== 'software-version'),
          [],
        );
        assert.deepEqual(listIds(report, 'cannot-tell'), []);
      });
    }
  });
}

function answerFromCache(key: string, isAdmitted: boolean): typeof admitted | undefined {
  if (isAdmitted) cache.add(key);
  return cache.has(key) ? admitted : undefined;
}

/** Checks that doctor sent no request after the first admitted forgery. */
function assertNothingAfterForgery(connections: number, report: ExaminedPort): void {
  const failed = report.findings.find(({ id, verdict }) => verdict === 'fails' && forgeries.includes(id));
  if (failed === undefined) return;
  const later = probeIds.slice(probeIds.indexOf(failed.id) + 1);
  for (const id of ['tls-1.2', 'plain-http'] as const) {
    assert.ok(later.includes(id));
    assert.ok(listIds(report, 'cannot-tell').includes(id), id);
  }
  assert.equal(connections, report.requests);
}

/**
 * Checks that the published report contains nothing about the host, the callers, the functions or the server's words.
 */
function assertRedacted(report: ExaminedPort, { allowed, denied }: DoctorStage, port: number): void {
  const target = parseTarget(`https://secret-host.example:${port}`, ['Orders'], []);
  const text = JSON.stringify(createRedactedReport(report, report.judgements, target, '0.0.0'));
  const secrets = [
    'secret-host',
    String(port),
    'Orders',
    allowedName,
    'fabrikam',
    'evil.example',
    '1.25.3',
    'certificate_not_trusted',
  ];
  for (const secret of [...secrets, allowed.thumbprintSha256, denied.thumbprintSha256])
    assert.ok(!text.includes(secret), secret);
  assert.ok(!text.includes(allowed.der.toString('base64').slice(200, 260)));
}
