import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import type { DoctorOptions, DoctorReport } from './doctor.js';
import { type ProbeId, probeIds } from './probe-table.js';
import { judgeScmAnswer } from './probes/surroundings-probes.js';
import { createRedactedReport, formatJobSummary } from './published-report.js';
import { findScmOrigin, parseTarget } from './target.js';
import { allowedName, createDoctorStage, type DoctorStage, examinePort, listIds } from './test-support/doctor-stage.js';
import {
  type Behaviour,
  type FaultyServer,
  forwardStrictly,
  startLenientServer,
  startPlainServer,
  startServer,
  valuesOf,
} from './test-support/faulty-servers.js';

const forgeries: readonly ProbeId[] = probeIds.filter(
  (id) => id.startsWith('forged-') || id === 'lookalike-certificate',
);

interface Fault {
  readonly behaviour: (stage: DoctorStage) => Behaviour;
  readonly fails: readonly ProbeId[];
  /** Default: all that is left holds. `any`: whatever depends on a caller who is admitted. */
  readonly cannotTell?: 'any';
  /** An answer that everybody gets, the allowed caller too, shows nothing. */
  readonly showsNothing?: true;
  readonly options?: (stage: DoctorStage) => Partial<DoctorOptions>;
}

const admitted = { status: 200, body: '{"orders":[]}' };
const cache = new Set<string>();

/** Each has one fault. */
const faults: Readonly<Record<string, Fault>> = {
  'answers everybody': { behaviour: () => ({ admits: () => true }), fails: ['no-certificate'], cannotTell: 'any' },
  'trusts any certificate': {
    behaviour: () => ({ admits: (values) => values.length === 1 }),
    fails: ['denied-certificate'],
    cannotTell: 'any',
  },
  'trusts a header of the client, where no certificate came': {
    behaviour: () => ({ forward: (request) => (request.peer === undefined ? valuesOf(request) : [request.peer]) }),
    fails: ['forged-header'],
    cannotTell: 'any',
  },
  'appends the certificate to the header, and takes the first value': {
    behaviour: ({ allowed }) => ({
      forward: (request) => (request.peer === undefined ? [] : [...valuesOf(request), request.peer]),
      admits: ([first]) => first === allowed.der.toString('base64'),
    }),
    fails: ['forged-header-beside-denied'],
    cannotTell: 'any',
  },
  'removes the first of two headers': {
    behaviour: () => ({
      forward: (request) => (request.peer === undefined ? valuesOf(request).slice(1) : [request.peer]),
    }),
    fails: ['forged-header-twice'],
    cannotTell: 'any',
  },
  'splits one header at the comma, and takes the second value': {
    behaviour: () => ({
      forward: (request) => {
        const [, second] = valuesOf(request)[0]?.split(',') ?? [];
        return second === undefined ? forwardStrictly(request) : [second];
      },
    }),
    fails: ['forged-header-twice'],
    cannotTell: 'any',
  },
  'removes the header in one spelling': {
    behaviour: () => ({
      forward: (request) => {
        const left = request.fields.filter(([name]) => name !== 'X-ARR-ClientCert' && /^x-arr-clientcert$/i.test(name));
        return left.length > 0 ? left.map(([, value]) => value) : forwardStrictly(request);
      },
    }),
    fails: ['forged-header-case'],
    cannotTell: 'any',
  },
  'takes an underscore for a hyphen': {
    behaviour: () => ({
      forward: (request) => {
        const values = valuesOf(request, /^x_arr_clientcert$/i);
        return values.length > 0 ? values : forwardStrictly(request);
      },
    }),
    fails: ['forged-header-underscore'],
    cannotTell: 'any',
  },
  'compares names': {
    behaviour: () => ({
      admits: ([value]) =>
        value !== undefined && new X509Certificate(Buffer.from(value, 'base64')).subject === `CN=${allowedName}`,
    }),
    fails: ['lookalike-certificate'],
    cannotTell: 'any',
  },
  'compares the names of subject and issuer': {
    behaviour: ({ allowed }) => ({
      admits: ([value]) => {
        if (value === undefined) return false;
        const { subject, issuer } = new X509Certificate(Buffer.from(value, 'base64'));
        const original = new X509Certificate(allowed.der);
        return subject === original.subject && issuer === original.issuer;
      },
    }),
    fails: ['lookalike-certificate'],
    cannotTell: 'any',
  },
  'caches answers by address and query': {
    behaviour: () => ({
      answer: (request, isAdmitted) => answerFromCache(`${request.path}?${request.query}`, isAdmitted),
    }),
    fails: ['cached-answer'],
  },
  'caches answers by address alone': {
    behaviour: () => ({ answer: (request, isAdmitted) => answerFromCache(request.path, isAdmitted) }),
    fails: ['cached-answer'],
    cannotTell: 'any',
  },
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
  },
  'trusts a header over TLS 1.2': {
    behaviour: () => ({
      forward: (request) => {
        const values = request.tlsVersion === 'TLSv1.2' ? valuesOf(request) : [];
        return values.length > 0 ? values : forwardStrictly(request);
      },
    }),
    fails: ['tls-1.2'],
    cannotTell: 'any',
  },
  'trusts a header over HTTP/2': {
    behaviour: () => ({
      isHttp2: true,
      forward: (request) => {
        const values = request.httpVersion === '2.0' ? valuesOf(request) : [];
        return values.length > 0 ? values : forwardStrictly(request);
      },
    }),
    fails: ['http-2'],
    cannotTell: 'any',
  },
  'says why': {
    behaviour: () => ({
      answer: ({ peer }, isAdmitted) =>
        isAdmitted ? undefined : { status: 401, body: peer === undefined ? 'No.' : 'No: certificate_not_trusted.' },
    }),
    fails: ['refusal-reason'],
  },
  'refuses a denied certificate in other words': {
    behaviour: () => ({
      answer: ({ peer }, isAdmitted) =>
        isAdmitted ? undefined : { status: 401, body: peer === undefined ? 'Log in first.' : 'We know you.' },
    }),
    fails: ['refusal-reason'],
  },
  'names its version': {
    behaviour: () => ({
      answer: (_request, isAdmitted) => ({ status: isAdmitted ? 200 : 401, headers: { Server: 'nginx/1.25.3' } }),
    }),
    fails: ['software-version'],
  },
  'names its software': {
    behaviour: () => ({
      answer: (_request, isAdmitted) => ({ status: isAdmitted ? 200 : 401, headers: { 'X-Powered-By': 'Express' } }),
    }),
    fails: ['software-version'],
  },
  'has a clock that is ten minutes fast': {
    behaviour: () => ({
      answer: (_request, isAdmitted) => ({
        status: isAdmitted ? 200 : 401,
        headers: { Date: new Date(Date.now() + 600_000).toUTCString() },
      }),
    }),
    fails: ['clock'],
  },
  'refuses a large body': {
    behaviour: () => ({ answer: ({ bodyLength }) => (bodyLength > 100_000 ? { status: 403 } : undefined) }),
    fails: ['large-body'],
    options: () => ({ withLargeBody: true }),
  },
  'refuses callers of a public function': {
    behaviour: () => ({}),
    fails: ['public-function'],
    options: () => ({}),
  },
  'admits a certificate that is over': {
    behaviour: ({ expired }) => ({ admits: ([value]) => value === expired.der.toString('base64') }),
    fails: ['allowed-certificate-expiry'],
    options: ({ expired }) => ({ allowed: expired }),
  },
  'has a certificate that is over': {
    behaviour: ({ expiredServer }) => ({ serverKey: expiredServer }),
    fails: ['server-certificate'],
    cannotTell: 'any',
  },
  'has a certificate for another host': {
    behaviour: ({ otherServer }) => ({ serverKey: otherServer }),
    fails: ['server-certificate'],
    cannotTell: 'any',
  },
  'redirects everybody': {
    behaviour: () => ({ answer: () => ({ status: 302, headers: { Location: 'https://evil.example/?code=key' } }) }),
    fails: ['allowed-certificate'],
    cannotTell: 'any',
    showsNothing: true,
  },
  'answers 500 to everything': {
    behaviour: () => ({ answer: () => ({ status: 500 }) }),
    fails: ['allowed-certificate'],
    cannotTell: 'any',
    showsNothing: true,
  },
  'answers 404 to everything': {
    behaviour: () => ({ answer: () => ({ status: 404 }) }),
    fails: ['allowed-certificate'],
    cannotTell: 'any',
    showsNothing: true,
  },
  hangs: {
    behaviour: () => ({ answer: () => 'hang' }),
    fails: ['allowed-certificate'],
    cannotTell: 'any',
    showsNothing: true,
    options: () => ({ timeoutMilliseconds: 200 }),
  },
  'resets every connection': {
    behaviour: () => ({ answer: () => 'reset' }),
    fails: ['allowed-certificate'],
    cannotTell: 'any',
    showsNothing: true,
  },
};

/** What holds without a refusal that a later admission of the allowed caller must confirm. */
const holdingAtFirst: readonly ProbeId[] = [
  'server-certificate',
  'no-certificate',
  'denied-certificate',
  'allowed-certificate',
  'client-certificate-mode',
  'allowed-certificate-expiry',
  'clock',
];
/** They send nothing, so they are run after a forged admission too. */
const holdingAnyway: readonly ProbeId[] = ['refusal-reason', 'software-version'];

/** Beside the app's address, or what no server of Node.js can do otherwise than the baseline. */
const failsElsewhere: readonly ProbeId[] = ['forged-header-whitespace', 'tls-1.3', 'plain-http', 'scm-site'];

it('every probe has a server that it fails for', () => {
  const failing = Object.values(faults).flatMap(({ fails }) => fails);
  assert.deepEqual(
    probeIds.filter((id) => !failing.includes(id)),
    failsElsewhere,
  );
});

/** Bodies without an end are read up to a limit. */
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

  const withServer = async <T>(server: FaultyServer, use: (server: FaultyServer) => Promise<T>): Promise<T> => {
    try {
      return await use(server);
    } finally {
      await server.close();
    }
  };
  const examine = async (behaviour: Behaviour, options?: Partial<DoctorOptions>): Promise<DoctorReport> =>
    withServer(await startServer(stage, behaviour), ({ port }) => examinePort(stage, port, options));

  for (const [name, behaviour] of Object.entries(goodServers)) {
    it(`finds nothing wrong with a server ${name}`, async () => {
      const report = await examine(behaviour(stage));
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
        const isPublic = fails.includes('public-function');
        const target = parseTarget(`https://localhost:${port}`, ['Orders'], isPublic ? ['Health'] : []);
        const report = await examinePort(stage, port, { ...more, target });
        assert.deepEqual(listIds(report, 'fails'), fails);
        if (cannotTell === undefined) assert.deepEqual(listIds(report, 'cannot-tell'), []);
        if (fails.includes('server-certificate')) {
          assert.equal(seen.length, 0);
          assert.deepEqual([...shown], []);
        }
        const unknown: readonly ProbeId[] = [
          ...(showsNothing === true ? (['no-certificate', 'denied-certificate', 'public-function'] as const) : []),
          ...(fails.includes('allowed-certificate')
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

  it('finds the server that takes white space around a name for nothing: forged-header-whitespace', async () => {
    const report = await withServer(await startLenientServer(stage), ({ port }) => examinePort(stage, port));
    assert.deepEqual(listIds(report, 'fails'), ['forged-header-whitespace']);
  });

  for (const [what, reply, verdict] of [
    ['an answer', undefined, 'fails'],
    ["the app's own refusal", { status: 401 }, 'fails'],
    ['403, which a front end may have sent', { status: 403 }, 'cannot-tell'],
    ['a redirect to https', { status: 301, headers: { Location: 'https://app.example/' } }, 'holds'],
    ['a redirect to http', { status: 301, headers: { Location: 'http://app.example/' } }, 'cannot-tell'],
    ['silence', 'hang', 'cannot-tell'],
  ] as const) {
    it(`takes ${what} over plain HTTP for "${verdict}", and sends nothing of a certificate there`, async () => {
      const plain = await startPlainServer(reply);
      try {
        // Without a function the other probes send nothing.
        const report = await withServer(await startServer(stage, {}), ({ port }) =>
          examinePort(stage, port, {
            target: parseTarget(`https://localhost:${port}`, [], []),
            plainHttpUrl: new URL(`http://localhost:${plain.port}`),
            ...(reply === 'hang' && { timeoutMilliseconds: 300 }),
          }),
        );
        assert.ok(listIds(report, verdict).includes('plain-http'));
        assert.equal(plain.requests.length, 1);
        assert.doesNotMatch(plain.requests.join(), /clientcert|MII/i);
      } finally {
        await plain.close();
      }
    });
  }

  it('probes every function, and says which one admits a forgery', async () => {
    const behaviour: Behaviour = {
      forward: (request) =>
        request.path === '/v1/refunds' ? [...valuesOf(request), ...forwardStrictly(request)] : forwardStrictly(request),
    };
    const report = await withServer(await startServer(stage, behaviour), ({ port }) =>
      examinePort(stage, port, {
        target: parseTarget(`https://localhost:${port}`, ['Orders', '/v1/refunds?code=key'], []),
      }),
    );
    assert.deepEqual(listIds(report, 'fails'), ['forged-header']);
    assert.deepEqual(listIds(report, 'holds'), [...holdingAtFirst, 'cached-answer', ...holdingAnyway]);
    const { observations = [] } = report.findings.find(({ id }) => id === 'forged-header') ?? {};
    assert.deepEqual(
      observations.map(({ functionIndex, outcome }) => [functionIndex, outcome]),
      [
        [0, 'refused'],
        [1, 'admitted'],
      ],
    );
  });

  it('cannot tell about forgeries while one of the functions refuses the allowed caller', async () => {
    const behaviour: Behaviour = { answer: ({ path }) => (path === '/api/Refunds' ? { status: 401 } : undefined) };
    const report = await withServer(await startServer(stage, behaviour), ({ port }) =>
      examinePort(stage, port, { target: parseTarget(`https://localhost:${port}`, ['Orders', 'Refunds'], []) }),
    );
    assert.deepEqual(listIds(report, 'fails'), ['allowed-certificate']);
    for (const id of forgeries) assert.ok(listIds(report, 'cannot-tell').includes(id), id);
  });

  it('cannot tell anything of a host that is not there, or that does not speak TLS', async () => {
    const plain = await startPlainServer();
    const speaking = await examinePort(stage, plain.port);
    await plain.close();
    const absent = await examinePort(stage, plain.port);
    for (const report of [speaking, absent]) {
      assert.deepEqual(
        listIds(report, 'fails').filter((id) => id !== 'plain-http'),
        [],
      );
      for (const id of ['server-certificate', 'no-certificate', 'allowed-certificate', ...forgeries] as const)
        assert.ok(listIds(report, 'cannot-tell').includes(id), id);
    }
  });

  it('cannot tell about forgeries when the allowed caller is no longer admitted afterwards', async () => {
    let calls = 0;
    const report = await examine({
      admits: (values) => values[0] === stage.allowed.der.toString('base64') && (calls += 1) <= 1,
    });
    assert.deepEqual(listIds(report, 'fails'), []);
    assert.deepEqual(listIds(report, 'holds'), [...holdingAtFirst, 'plain-http', ...holdingAnyway]);
  });

  it('does not take a connection that is closed by accident for a refusal', async () => {
    let isFirst = true;
    const report = await examine({
      admits: () => true,
      answer: () => {
        if (!isFirst) return undefined;
        isFirst = false;
        return 'reset';
      },
    });
    assert.deepEqual(listIds(report, 'fails'), ['no-certificate']);
  });

  it('cannot tell without a function', async () => {
    const report = await withServer(await startServer(stage, {}), ({ port }) =>
      examinePort(stage, port, { target: parseTarget(`https://localhost:${port}`, [], []) }),
    );
    assert.deepEqual(listIds(report, 'fails'), []);
    for (const id of ['no-certificate', 'allowed-certificate', ...forgeries] as const)
      assert.ok(listIds(report, 'cannot-tell').includes(id), id);
  });

  it('keeps to the rate, and to the time for all probes', async () => {
    const startedAt = performance.now();
    const report = await examine({}, { requestsPerSecond: 40, deadlineMilliseconds: 500 });
    const seconds = (performance.now() - startedAt) / 1000;
    assert.ok(report.requests <= 40 * seconds + 1, `${report.requests} in ${seconds} s`);
    assert.ok(report.requests < 40);
    assert.ok(listIds(report, 'cannot-tell').includes('lookalike-certificate'));
  });

  it('names itself, says GET only, and writes a summary that a name cannot break', async () => {
    const server = await startServer(stage, {});
    const report = await withServer(server, ({ port }) => examinePort(stage, port));
    assert.ok(server.seen.length > 20);
    for (const request of server.seen) {
      assert.equal(request.method, 'GET');
      assert.deepEqual(valuesOf(request, /^user-agent$/i), ['certgate-doctor/test']);
    }
    const summary = formatJobSummary(report, parseTarget('https://app.example', ['a|b<i>`x`[l](http://y)'], []));
    const rows = summary.split('\n').filter((line) => line.startsWith('| '));
    assert.ok(rows.length > 10);
    for (const row of rows) assert.equal(row.match(/\|/g)?.length, 5, row);
    assert.doesNotMatch(summary, /<i>|\[l\]/);
  });
});

describe('the address of the SCM site', () => {
  for (const [host, scm] of [
    ['orders.azurewebsites.net', 'https://orders.scm.azurewebsites.net'],
    ['orders-a1b2.westeurope-01.azurewebsites.net', 'https://orders-a1b2.scm.westeurope-01.azurewebsites.net'],
    ['orders.scm.azurewebsites.net', undefined],
    ['azurewebsites.net', undefined],
    ['orders.azurewebsites.net.evil.example', undefined],
    ['orders.example', undefined],
  ] as const) {
    it(`of ${host} is ${scm ?? 'not known'}`, () => {
      assert.equal(findScmOrigin(parseTarget(`https://${host}`, [], []))?.origin, scm);
    });
  }
});

describe('the SCM site', () => {
  for (const [status, verdict] of [
    [200, 'fails'],
    [302, 'holds'],
    [401, 'holds'],
    [403, 'holds'],
    [503, 'cannot-tell'],
  ] as const) {
    it(`that answers ${status}: ${verdict}`, () => {
      const answer = { kind: 'answered', status, fields: [], body: Buffer.alloc(0), tls: undefined } as const;
      assert.equal(judgeScmAnswer(answer).verdict, verdict);
    });
  }
  it('that cannot be reached: cannot-tell', () => {
    assert.equal(judgeScmAnswer({ kind: 'unreachable', code: 'ENOTFOUND' }).verdict, 'cannot-tell');
  });
});

describe('a target', () => {
  it('is an https origin, with functions by name or path', () => {
    const { closed } = parseTarget('https://app.example', ['Orders', '/v1/orders?code=secret'], []);
    assert.deepEqual(closed, [
      { name: 'Orders', path: '/api/Orders' },
      { name: '/v1/orders', path: '/v1/orders?code=secret' },
    ]);
    for (const [url, name] of [
      ['http://app.example', 'Orders'],
      ['https://app.example/api', 'Orders'],
      ['https://user:password@app.example', 'Orders'],
      ['app.example', 'Orders'],
      ['https://app.example', '//evil.example/x'],
      ['https://app.example', '/\\evil.example/x'],
      ['https://app.example', 'a b'],
    ] as const)
      assert.throws(() => parseTarget(url, [name], []), { name: 'ToolFailure' }, `${url} ${name}`);
    assert.throws(() => parseTarget('https://app.example', ['A'], ['A']), /--public-function/);
  });
});

function answerFromCache(key: string, isAdmitted: boolean): typeof admitted | undefined {
  if (isAdmitted) cache.add(key);
  return cache.has(key) ? admitted : undefined;
}

/** After the first forgery that was admitted, no request followed. */
function assertNothingAfterForgery(connections: number, report: DoctorReport): void {
  const failed = report.findings.find(({ id, verdict }) => verdict === 'fails' && forgeries.includes(id));
  if (failed === undefined) return;
  const later = probeIds.slice(probeIds.indexOf(failed.id) + 1);
  for (const id of ['tls-1.2', 'plain-http'] as const) {
    assert.ok(later.includes(id));
    assert.ok(listIds(report, 'cannot-tell').includes(id), id);
  }
  assert.equal(connections, report.requests);
}

/** Nothing of the host, the callers, the functions or the server's words. */
function assertRedacted(report: DoctorReport, { allowed, denied }: DoctorStage, port: number): void {
  const target = parseTarget(`https://secret-host.example:${port}`, ['Orders'], []);
  const text = JSON.stringify(createRedactedReport(report, target, '0.0.0'));
  const secrets = [
    'secret-host',
    String(port),
    'Orders',
    allowedName,
    'fabrikam',
    'evil.example',
    'nginx',
    'certificate_not_trusted',
  ];
  for (const secret of [...secrets, allowed.thumbprintSha256, denied.thumbprintSha256])
    assert.ok(!text.includes(secret), secret);
  assert.ok(!text.includes(allowed.der.toString('base64').slice(200, 260)));
}
