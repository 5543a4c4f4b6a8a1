import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { DoctorOptions } from './doctor.js';
import { type ProbeId, probeIds } from './probe-table.js';
import { judgeScmAnswer } from './probes/surroundings-probes.js';
import { formatJobSummary } from './published-report.js';
import { findScmOrigin, parseTarget } from './target.js';
import {
  createDoctorStage,
  type DoctorStage,
  type ExaminedPort,
  examinePort,
  judgePort,
  listIds,
} from './test-support/doctor-stage.js';
import {
  type Behaviour,
  type FaultyServer,
  forwardStrictly,
  startPlainServer,
  startServer,
  valuesOf,
} from './test-support/faulty-servers.js';

const forgeries: readonly ProbeId[] = probeIds.filter(
  (id) => id.startsWith('forged-') || id === 'lookalike-certificate',
);

/** Probes whose verdict is `holds` without a refusal that a later admission of the allowed caller must confirm. */
const holdingAtFirst: readonly ProbeId[] = [
  'server-certificate',
  'no-certificate',
  'denied-certificate',
  'allowed-certificate',
  'client-certificate-mode',
  'allowed-certificate-expiry',
  'clock',
];
/** Probes that send nothing, so they run after a forged admission too. */
const holdingAnyway: readonly ProbeId[] = ['refusal-reason', 'refusal-content', 'software-version'];

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
  const examine = async (behaviour: Behaviour, options?: Partial<DoctorOptions>): Promise<ExaminedPort> =>
    withServer(await startServer(stage, behaviour), ({ port }) => examinePort(stage, port, options));

  // First, because a wrong probe makes many tests fail, and `finds nothing wrong` names the probe.
  describe('run against a good server', () => {
    let report: ExaminedPort;
    let seen: FaultyServer['seen'];
    before(async () => {
      const server = await startServer(stage, {});
      ({ seen } = server);
      report = await withServer(server, ({ port }) => examinePort(stage, port));
    });

    it('finds nothing wrong', () => {
      const wrong = report.findings.filter(({ verdict }) => verdict !== 'holds').map(({ id }) => id);
      assert.deepEqual(wrong, [], 'These probes find something in a server that refuses as it should.');
    });

    it('lists everything that it tried', () => {
      const { findings } = report;
      const evidence = findings.flatMap((finding) => finding.evidence).join('\n');
      const sent = findings.flatMap(({ observations }) => observations.map((observation) => observation.sent));
      assert.ok(sent.length > 40);
      for (const text of sent) assert.ok(evidence.includes(text), text);
      assert.ok(!evidence.includes(stage.allowed.der.toString('base64').slice(100, 140)));
    });

    it('reports how often callers were refused, and which kinds of opening were not tried', () => {
      const meaningOf = (wanted: ProbeId): unknown => report.findings.find(({ id }) => id === wanted)?.meaning;
      assert.deepEqual(meaningOf('denied-certificate'), ['Refused in 1 of 1 tries.']);
      assert.deepEqual(meaningOf('forged-header-case'), ['Refused in 6 of 6 tries.']);
      assert.deepEqual(meaningOf('tls-1.2'), [
        'Refused in 3 of 3 tries; the allowed certificate was admitted in 1 of 1.',
      ]);
      const { known, tried, notTried } = report.openings;
      assert.deepEqual(notTried, ['public-first', 'post', 'http-2', 'scm-site']);
      assert.equal(known - tried, notTried.length);
    });

    it('sends its own user agent except where it imitates a browser, sends no POST, and writes a summary that a name cannot break', () => {
      assert.ok(seen.length > 20);
      assert.deepEqual([...new Set(seen.map(({ method }) => method))].sort(), ['GET', 'HEAD', 'OPTIONS', 'TRACE']);
      const others = seen.flatMap((request) =>
        valuesOf(request, /^user-agent$/i).filter((name) => name !== 'certgate-doctor/test'),
      );
      assert.equal(others.length, 6);
      for (const name of others) assert.match(name, /^Mozilla/);
      const findings = report.findings.map((finding) => ({ ...finding, evidence: ['a|b<i>`x`[l](http://y): 200'] }));
      const summary = formatJobSummary({ ...report, findings });
      const rows = summary.split('\n').filter((line) => line.startsWith('| '));
      assert.ok(rows.length > 10);
      for (const row of rows) assert.equal(row.match(/\|/g)?.length, 5, row);
      assert.doesNotMatch(summary, /<i>|\[l\]/);
    });

    it('sends at most eight requests at once', () => {
      assert.equal(Math.max(...seen.map(({ openConnections }) => openConnections)), 8);
    });
  });

  for (const [what, reply, verdict] of [
    ['an answer', undefined, 'fails'],
    ["the app's own refusal", { status: 401 }, 'fails'],
    ['403, which a front end may have sent', { status: 403 }, 'cannot-tell'],
    ['a redirect to https', { status: 301, headers: { Location: 'https://app.example/' } }, 'holds'],
    ['a redirect to http', { status: 301, headers: { Location: 'http://app.example/' } }, 'cannot-tell'],
    ['silence', 'hang', 'cannot-tell'],
  ] as const) {
    it(`judges ${what} over plain HTTP as "${verdict}", and sends nothing of a certificate there`, async () => {
      const plain = await startPlainServer(reply);
      try {
        // The target has no function, so no probe sends a request to one.
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

  it('probes every function, and reports which one admits a forgery', async () => {
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
      observations.map((each) => [each.function, each.outcome]),
      [
        ['Orders', 'refused'],
        ['/v1/refunds', 'admitted'],
      ],
    );
  });

  it('judges no forgery while one of the functions refuses the allowed caller', async () => {
    const behaviour: Behaviour = { answer: ({ path }) => (path === '/api/Refunds' ? { status: 401 } : undefined) };
    const report = await withServer(await startServer(stage, behaviour), ({ port }) =>
      examinePort(stage, port, { target: parseTarget(`https://localhost:${port}`, ['Orders', 'Refunds'], []) }),
    );
    assert.deepEqual(listIds(report, 'fails'), ['allowed-certificate']);
    for (const id of forgeries) assert.ok(listIds(report, 'cannot-tell').includes(id), id);
  });

  it('prints no function key that a refusal repeats', async () => {
    const behaviour: Behaviour = {
      answer: ({ query }, isAdmitted) =>
        isAdmitted ? undefined : { status: 401, body: `The link /api/Orders?${query} has expired.` },
    };
    const judgement = await withServer(await startServer(stage, behaviour), ({ port }) =>
      judgePort(stage, port, 'refusal-reason', {
        target: parseTarget(`https://localhost:${port}`, ['/api/Orders?code=s3cretKey=='], []),
      }),
    );
    assert.equal(judgement.verdict, 'fails');
    assert.doesNotMatch(JSON.stringify(judgement), /s3cret|Key==/);
  });

  it('judges nothing about a host that does not exist or does not speak TLS, and reports an unreachable host in one line', async () => {
    const plain = await startPlainServer();
    const speaking = await examinePort(stage, plain.port);
    await plain.close();
    const absent = await examinePort(stage, plain.port);
    for (const report of [speaking, absent]) {
      assert.deepEqual(listIds(report, 'fails').filter((id) => id !== 'plain-http'), []); // prettier-ignore
      for (const id of ['server-certificate', 'no-certificate', 'allowed-certificate', ...forgeries] as const)
        assert.ok(listIds(report, 'cannot-tell').includes(id), id);
    }
    assert.equal(absent.unreachable, 'No connection (ECONNREFUSED): nothing was sent.');
    assert.deepEqual(listIds(absent, 'holds'), ['allowed-certificate-expiry']);
    assert.deepEqual([absent.notRun, (await examine({})).unreachable], [[], undefined]);
  });

  it('suspects that --allowed and --denied are swapped', async () => {
    const { judgements } = await examine({}, { allowed: stage.denied, denied: stage.allowed });
    for (const id of ['allowed-certificate', 'denied-certificate'] as const) {
      assert.match(judgements.get(id)?.note ?? '', /swapped/, id);
    }
  });

  it('reports a missing function only if every caller gets 404', async () => {
    const noteOf = async (status: number, ofNobody = status): Promise<string | undefined> => {
      const answer: Behaviour['answer'] = ({ peer }) => ({ status: peer === undefined ? ofNobody : status });
      const { note } = await withServer(await startServer(stage, { answer }), ({ port }) =>
        judgePort(stage, port, 'allowed-certificate'),
      );
      return note;
    };
    assert.match((await noteOf(404)) ?? '', /there is no such function/);
    assert.match((await noteOf(404, 403)) ?? '', /there is no such function/, 'in mode Required');
    assert.equal(await noteOf(403), '');
    assert.equal(await noteOf(404, 401), '');
  });

  it('judges nothing that it had no time to try', async () => {
    const report = await examine({}, { deadlineMilliseconds: 0 });
    assert.deepEqual(listIds(report, 'fails'), []);
    assert.deepEqual(listIds(report, 'holds'), ['server-certificate', 'allowed-certificate-expiry']);
  });

  it('reports that there was no time to try the allowed caller again, and not that the caller lost access', async (context) => {
    const now = performance.now.bind(performance);
    let passedMilliseconds = 0;
    context.mock.method(performance, 'now', () => now() + passedMilliseconds);
    const { judgements } = await examine({
      answer: ({ method }) => {
        if (method === 'TRACE') passedMilliseconds = 3_600_000;
        return undefined;
      },
    });
    assert.equal(judgements.get('forged-header')?.verdict, 'holds');
    assert.match(judgements.get('after-allowed')?.note ?? '', /^The time for all probes was over/);
  });

  it('judges no function if the allowed caller is no longer admitted at one of them', async () => {
    let calls = 0;
    const behaviour: Behaviour = {
      answer: ({ path, peer }) =>
        path === '/api/Refunds' && peer === stage.allowed.der.toString('base64') && (calls += 1) > 9
          ? { status: 401 }
          : undefined,
    };
    const report = await withServer(await startServer(stage, behaviour), ({ port }) =>
      examinePort(stage, port, { target: parseTarget(`https://localhost:${port}`, ['Orders', 'Refunds'], []) }),
    );
    assert.equal(calls, 10);
    assert.deepEqual(listIds(report, 'fails'), []);
    assert.deepEqual(listIds(report, 'holds'), [...holdingAtFirst, 'plain-http', ...holdingAnyway]);
  });

  it('cannot tell whether a caller who gets no complete answer in time is admitted, and suggests a longer timeout', async () => {
    const behaviour: Behaviour = { answer: (_, isAdmitted) => (isAdmitted ? 'hang' : undefined) };
    const { findings } = await examine(behaviour, { timeoutMilliseconds: 300 });
    const found = findings.find(({ id }) => id === 'allowed-certificate');
    assert.equal(found?.verdict, 'cannot-tell');
    assert.match([...found.evidence, ...found.meaning].join(' '), /may be slow.*--timeout/);
    for (const { id, verdict } of findings) if (forgeries.includes(id)) assert.equal(verdict, 'cannot-tell', id);
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

  it('ends in time if the server does not answer eight requests at once', async () => {
    const answer: Behaviour['answer'] = ({ openConnections }) => (openConnections >= 8 ? 'hang' : undefined);
    const { verdict } = await withServer(await startServer(stage, { answer }), ({ port }) =>
      judgePort(stage, port, 'parallel', { timeoutMilliseconds: 300 }),
    );
    assert.equal(verdict, 'cannot-tell');
  });

  it('cannot tell anything about callers if no function is named', async () => {
    const report = await withServer(await startServer(stage, {}), ({ port }) =>
      examinePort(stage, port, { target: parseTarget(`https://localhost:${port}`, [], []) }),
    );
    assert.deepEqual(listIds(report, 'fails'), []);
    for (const id of ['no-certificate', 'allowed-certificate', ...forgeries] as const)
      assert.ok(listIds(report, 'cannot-tell').includes(id), id);
  });

  it('keeps to the rate, and to the time for all probes together', async () => {
    const startedAt = performance.now();
    const report = await examine({}, { requestsPerSecond: 40, deadlineMilliseconds: 500 });
    const seconds = (performance.now() - startedAt) / 1000;
    assert.ok(report.requests <= 40 * seconds + 1, `${report.requests} in ${seconds} s`);
    assert.ok(report.requests < 40);
    assert.ok(listIds(report, 'cannot-tell').includes('lookalike-certificate'));
  });
});

describe('the SCM site', () => {
  it("has an address only if the app's own name is on azurewebsites.net", () => {
    for (const [host, scm] of [
      ['orders.azurewebsites.net', 'https://orders.scm.azurewebsites.net'],
      ['orders-a1b2.westeurope-01.azurewebsites.net', 'https://orders-a1b2.scm.westeurope-01.azurewebsites.net'],
      ['orders.scm.azurewebsites.net', undefined],
      ['azurewebsites.net', undefined],
      ['orders.azurewebsites.net.evil.example', undefined],
      ['orders.example', undefined],
    ] as const)
      assert.equal(findScmOrigin(parseTarget(`https://${host}`, [], []))?.origin, scm, host);
  });

  it('is judged by its status, and gets no verdict if it cannot be reached', () => {
    const verdicts = { 200: 'fails', 302: 'holds', 401: 'holds', 403: 'holds', 503: 'cannot-tell' };
    for (const [status, verdict] of Object.entries(verdicts)) {
      const answer = { status: Number(status), fields: [], body: Buffer.alloc(0), tls: undefined };
      assert.equal(judgeScmAnswer({ kind: 'answered', ...answer }).verdict, verdict, status);
    }
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
      ['https://app.example/api/Orders?code=password', 'Orders'],
      ['https://app.example', 'https://app.example/api/Orders?code=password'],
    ] as const)
      assert.throws(
        () => parseTarget(url, [name], []),
        (fault: Error) => fault.name === 'ToolFailure' && !fault.message.includes('password'),
        `${url} ${name}`,
      );
    assert.throws(() => parseTarget('https://app.example', ['A'], ['A']), /--public-function/);
  });
});
