import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type OutgoingHttpHeaders, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type Caller, type Certificates, makeCertificates } from './front-ends/callers.js';
import { type Arrival, type EchoUpstream, startEchoUpstream } from './front-ends/echo-upstream.js';
import { type ProxyVariant, type RunningProxy, proxyVariants, reasonToSkip, startProxy } from './front-ends/proxies.js';
import { type ProxyName, proxyNames } from './front-ends/proxy-programs.js';
import { TlsConnection } from './front-ends/tls-connection.js';
import { type Fields, type WireForm, secretField, wireForms } from './front-ends/wire-forms.js';

// Checks, byte for byte, what arrives at the app behind each real proxy with its file from examples/front-ends.

const frontEndSecret = 'AZaz09._~+/=-for-the-tests-of-proxies';

let folder: string;
let certificates: Certificates;
let upstream: EchoUpstream;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-front-ends-'));
  certificates = makeCertificates(folder);
  upstream = await startEchoUpstream();
});

after(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Http2Answer {
  /** The response's header fields, as JSON. */
  readonly head: string;
  readonly body: string;
}

for (const name of proxyNames) {
  for (const variant of proxyVariants) {
    describe(`${name}, ${variant}`, { skip: reasonToSkip(name) }, () => {
      describeWire(name, variant);
    });
  }
}

function describeWire(name: ProxyName, variant: ProxyVariant): void {
  const form = wireForms[name];
  let proxy: RunningProxy;

  before(async () => {
    proxy = await startProxy(name, variant, { certificates, upstreamPort: upstream.port, frontEndSecret });
  });
  after(() => proxy.stop());

  /** Sends one request on a connection of its own. */
  async function send(caller: Caller | undefined, lines: readonly string[] = []): Promise<Arrival | number> {
    const connection = await TlsConnection.open(proxy.port, certificates, caller);
    try {
      return await sendOn(connection, lines);
    } finally {
      connection.close();
    }
  }

  async function sendOn(connection: TlsConnection, lines: readonly string[] = []): Promise<Arrival | number> {
    const head = ['GET /api/Whoami HTTP/1.1', `Host: localhost:${proxy.port}`, ...lines];
    const { status, body } = await connection.ask(`${head.join('\r\n')}\r\n\r\n`);
    return status === 200 ? (JSON.parse(body) as Arrival) : status;
  }

  async function sendOverHttp2(caller: Caller | undefined, fields: OutgoingHttpHeaders): Promise<Arrival> {
    return JSON.parse((await askOverHttp2(caller, fields)).body) as Arrival;
  }

  async function askOverHttp2(caller: Caller | undefined, fields: OutgoingHttpHeaders): Promise<Http2Answer> {
    const own = caller === undefined ? {} : { cert: caller.cert, key: caller.key };
    const session = connect(`https://localhost:${proxy.port}`, {
      ...own,
      ca: certificates.server.cert,
      lookup: (_name, _options, done) => {
        done(null, [{ address: '127.0.0.1', family: 4 }]);
      },
    });
    try {
      const stream = session.request({ ':path': '/api/Whoami', ...fields }, { endStream: true });
      const answered = once(stream, 'response') as Promise<[object]>;
      const body = text(stream);
      const [head] = await answered;
      return { head: JSON.stringify(head), body: await body };
    } finally {
      session.destroy();
    }
  }

  const names = [form.certificateField, ...form.otherFields];

  /** The fields of an arrival that an app could take for the front end's, one entry for each header line. */
  function listFields(arrival: Arrival | number): readonly (readonly [string, string])[] {
    if (typeof arrival === 'number') assert.fail(`answered with ${arrival}`);
    const pairs = arrival.rawHeaders.flatMap((field, index) =>
      index % 2 === 0 ? [[field.toLowerCase(), arrival.rawHeaders[index + 1] ?? ''] as const] : [],
    );
    return sort(pairs.filter(([field]) => names.includes(field.replaceAll('_', '-'))));
  }

  /** Checks that the app got the proxy's own fields, the fields in `more`, and no other field with such a name. */
  function expectFields(arrival: Arrival | number, caller: Caller | undefined, more: Fields = {}): void {
    assert.deepEqual(listFields(arrival), sort(Object.entries({ ...getOwnFields(caller), ...more })));
  }

  function getOwnFields(caller: Caller | undefined): Fields {
    const verification = form.verification[variant];
    const own =
      caller === undefined ? verification.without : { ...form.encode(caller.certificates), ...verification.with };
    return { ...own, [secretField]: frontEndSecret };
  }

  async function expectOutcome(caller: Caller, outcome: WireForm['expired']): Promise<void> {
    if (outcome === 'handed on') expectFields(await send(caller), caller);
    else if (outcome === 400) assert.equal(await send(caller), 400);
    // The connection reset may arrive before the TLS alert.
    else await assert.rejects(send(caller), { code: /^ERR_SSL_.*_ALERT_|^ECONNRESET$/ });
  }

  it('forwards the certificate of each caller that it admits', async () => {
    const { pinned, stranger, issued, chained } = certificates.callers;
    const callers = variant === 'ca-verified' ? [issued, chained] : [pinned, stranger, issued, chained];
    for (const caller of callers) expectFields(await send(caller), caller);
  });

  it('forwards no certificate if the caller has none', async () => {
    expectFields(await send(undefined), undefined);
  });

  it('treats an expired certificate as its file says', async () => {
    const outcome = variant === 'ca-verified' ? form.unverified : form.expired;
    for (const caller of [certificates.callers.expired, certificates.callers.expiredIssued]) {
      await expectOutcome(caller, outcome);
    }
  });

  if (variant === 'ca-verified') {
    it('refuses a certificate that the CA did not issue', async () => {
      for (const caller of [certificates.callers.pinned, certificates.callers.stranger]) {
        await expectOutcome(caller, form.unverified);
      }
    });
  }

  it('never shows its secret in an answer to TRACE', async () => {
    const forwards = [[], ...['0', '1', '9', '-1', '00', 'x', ''].map((count) => [`Max-Forwards: ${count}`])];
    for (const method of ['TRACE', 'trace', 'OPTIONS']) {
      for (const lines of forwards) {
        for (const target of ['/api/Whoami', '*', `https://localhost:${proxy.port}/`]) {
          const connection = await TlsConnection.open(proxy.port, certificates, certificates.callers.issued);
          const fields = [`Host: localhost:${proxy.port}`, 'Connection: close', ...lines];
          const { head, body } = await connection.ask(`${method} ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
          connection.close();
          // The app echoes what it received, including the secret. Only the proxy's own answers must not contain the
          // secret.
          const isFromApp = body.startsWith('{"method":');
          assert.ok(
            isFromApp || !`${head}${body}`.includes(frontEndSecret),
            `${method} ${target} ${lines.join()}: ${body}`,
          );
          assert.ok(method !== 'TRACE' || !isFromApp);
        }
      }
    }
  });

  describe('with forged fields from the caller', () => {
    const victim = (): Fields => getOwnFields(certificates.callers.issued);
    const forge = (spell: (field: string) => string): readonly string[] =>
      Object.entries({ ...victim(), [secretField]: 'forged' }).map(([field, value]) => `${spell(field)}: ${value}`);
    const capitalize = (field: string): string => field.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());

    async function expectNoTrace(lines: readonly string[]): Promise<void> {
      const { issued } = certificates.callers;
      for (const caller of [undefined, issued]) expectFields(await send(caller, lines), caller);
    }

    it('replaces the forged fields in any letter case', async () => {
      await expectNoTrace(forge((field) => field));
      await expectNoTrace(forge((field) => field.toUpperCase()));
      await expectNoTrace(forge(capitalize));
    });

    it('replaces forged fields that are sent twice or are empty', async () => {
      await expectNoTrace([...forge(capitalize), ...forge((field) => field)]);
      await expectNoTrace(names.map((field) => `${field}:`));
      await expectNoTrace([...names.map((field) => `${field}:`), ...forge(capitalize)]);
    });

    it('replaces a forged result of the verification', async () => {
      for (const value of ['SUCCESS', '0', 'UNVERIFIED']) {
        await expectNoTrace(form.otherFields.map((field) => `${field}: ${value}`));
      }
    });

    it(`names with underscores are ${form.underscores}`, async () => {
      const lines = ['x', ...names].flatMap((field) => [`${field.replaceAll('-', '_')}: forged`]);
      const arrival = await send(undefined, lines);
      const underscored = Object.fromEntries(names.map((field) => [field.replaceAll('-', '_'), 'forged']));
      expectFields(arrival, undefined, form.underscores === 'dropped' ? {} : underscored);
      const [first] = names.map((field) => field.replace('-', '_'));
      const mixed = await send(undefined, [`${first}: forged`]);
      expectFields(mixed, undefined, form.underscores === 'dropped' ? {} : { [first ?? '']: 'forged' });
    });

    it('forwards no folded, indented or otherwise malformed line as one of its own fields', async () => {
      const field = capitalize(form.certificateField);
      const forged = victim()[form.certificateField] ?? '';
      const attempts = [
        [`${field}: ${forged.slice(0, 20)}`, ` ${forged.slice(20)}`],
        [`${field}:`, `\t${forged}`],
        ['Accept: text/plain', ` ${field}: ${forged}`],
        [`${field} : ${forged}`],
        [`${field}\t: ${forged}`],
        [`${field}\0: ${forged}`],
        [`${field}\x0b: ${forged}`],
        [`\xa0${field}: ${forged}`],
        [`Accept: text/plain\n${field}: ${forged}`],
        [`Accept: text/plain\r${field}: ${forged}`],
      ];
      for (const lines of attempts) {
        const arrival = await send(undefined, lines);
        if (arrival !== 400) expectFields(arrival, undefined);
      }
    });

    if (form.speaksHttp2) {
      it('never shows its secret in an answer to TRACE over HTTP/2', async () => {
        for (const fields of [{}, { 'max-forwards': '0' }, { 'max-forwards': '1' }]) {
          const { head, body } = await askOverHttp2(certificates.callers.issued, { ':method': 'TRACE', ...fields });
          assert.ok(!`${head}${body}`.includes(frontEndSecret), body);
        }
      });

      it('replaces forged fields over HTTP/2 too', async () => {
        const { issued } = certificates.callers;
        for (const caller of [undefined, issued]) {
          const twice = Object.fromEntries(names.map((field) => [field, [victim()[field] ?? 'forged', 'forged']]));
          expectFields(await sendOverHttp2(caller, twice), caller);
          expectFields(await sendOverHttp2(caller, Object.fromEntries(names.map((field) => [field, '']))), caller);
        }
      });
    }

    it('forwards no field of a trailer as its own', async () => {
      const connection = await TlsConnection.open(proxy.port, certificates, undefined);
      const lines = forge(capitalize);
      const head = `POST / HTTP/1.1\r\nHost: localhost:${proxy.port}\r\nTransfer-Encoding: chunked\r\n`;
      const { body } = await connection.ask(`${head}\r\n1\r\na\r\n0\r\n${lines.join('\r\n')}\r\n\r\n`);
      connection.close();
      expectFields(JSON.parse(body) as Arrival, undefined);
    });

    it('loses at most its own fields if the caller lists them in Connection', async () => {
      const { issued } = certificates.callers;
      for (const caller of [undefined, issued]) {
        const arrival = await send(caller, [`Connection: keep-alive, ${names.join(', ')}`, ...forge(capitalize)]);
        const left = Object.entries(getOwnFields(caller)).filter(([field]) => !form.dropsListed.includes(field));
        assert.deepEqual(listFields(arrival), sort(left));
      }
    });
  });

  describe('over connections that stay open', () => {
    it('forwards the right caller with each request when three clients take turns, one without a certificate', async () => {
      const { issued, chained } = certificates.callers;
      const callers = [issued, undefined, chained];
      const connections = await Promise.all(
        callers.map((caller) => TlsConnection.open(proxy.port, certificates, caller)),
      );
      const upstreamConnections = new Map<number, Set<string>>();
      for (let turn = 0; turn < 20; turn += 1) {
        for (const [index, caller] of callers.entries()) {
          const arrival = await sendOn(connections[index]!);
          expectFields(arrival, caller);
          const { connection } = arrival as Arrival;
          const seen = upstreamConnections.get(connection) ?? new Set();
          upstreamConnections.set(connection, seen.add(caller?.name ?? 'none'));
        }
      }
      for (const connection of connections) connection.close();
      const shared = [...upstreamConnections.values()].some((users) => users.size > 1);
      assert.ok(shared, 'no connection upstream was shared, so this has shown nothing');
    });

    it('forwards the right caller with many requests at a time', async () => {
      const { issued, chained } = certificates.callers;
      const callers = [issued, undefined, chained, issued, chained, undefined];
      await Promise.all(
        callers.map(async (caller) => {
          const connection = await TlsConnection.open(proxy.port, certificates, caller);
          for (let turn = 0; turn < 20; turn += 1) expectFields(await sendOn(connection), caller);
          connection.close();
        }),
      );
    });
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const only = { minVersion: version, maxVersion: version };

    it(`forwards the same fields for a resumed session as for the first one, in ${version}`, async () => {
      const { issued, chained } = certificates.callers;
      for (const caller of [issued, chained, undefined]) {
        const first = await TlsConnection.open(proxy.port, certificates, caller, only);
        expectFields(await sendOn(first), caller);
        first.close();
        // Apache's file disables resumption, because a resumed session would lack the chain.
        if (first.session === undefined) {
          assert.equal(name, 'apache');
          continue;
        }
        const second = await TlsConnection.open(proxy.port, certificates, caller, { ...only, session: first.session });
        assert.equal(second.socket.isSessionReused(), name !== 'apache');
        expectFields(await sendOn(second), caller);
        second.close();
      }
    });

    it(`forwards no certificate for a resumed session that began without one, in ${version}`, async () => {
      const first = await TlsConnection.open(proxy.port, certificates, undefined, only);
      expectFields(await sendOn(first), undefined);
      first.close();
      const { issued } = certificates.callers;
      const options = { ...only, ...(first.session !== undefined && { session: first.session }) };
      // A resumed session has no certificate if its first handshake had none, even if the client has one now.
      const second = await TlsConnection.open(proxy.port, certificates, issued, options);
      expectFields(await sendOn(second), second.socket.isSessionReused() ? undefined : issued);
      second.close();
    });
  }

  it('allows no renegotiation in TLS 1.2, so a connection keeps its caller', async () => {
    const connection = await TlsConnection.open(proxy.port, certificates, undefined, { maxVersion: 'TLSv1.2' });
    expectFields(await sendOn(connection), undefined);
    connection.socket.renegotiate({}, () => undefined);
    // Node reliably sends its request for a renegotiation only together with more data.
    await assert.rejects(sendOn(connection), { message: /no renegotiation|unexpected message|ECONNRESET/ });
    connection.close();
  });
}

function sort(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return [...pairs].sort(([left], [right]) => left.localeCompare(right));
}
