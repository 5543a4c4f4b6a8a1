// What the gate costs a server when nearly every request comes from another caller: 400,000 pinned certificates, 20,000 of
// an authority (more than the 4,096 that a gate remembers), strangers; beside the same server of node:http without a gate,
// which gets the same requests. Certificates come in the header of RFC 9440.
//
//   node bench/many-callers.mjs         the table, from 60 s of pinned callers; exits with 1 when a goal is missed
//   node bench/many-callers.mjs --json  the same as JSON
//   … -- --seconds 6                    shorter
import { fork } from 'node:child_process';
import { X509Certificate, createHash, createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLargeDocument } from './refresh-memory.mjs';

const pinnedCount = 400_000;
const issuedCount = 20_000;
const connections = 32;
const rounds = 12;
const wantedRate = 10_000;
const maximumRatio = 2;

if (process.argv[2] === 'serve') await serve(process.argv[3], process.argv[4]);
else await run();

/** The server of one kind, in a process of its own; it answers a message with its CPU time and the requests until now. */
async function serve(kind, document) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    response.end('hello');
  });
  if (kind !== 'bare') {
    const { createGate, secureServer, trustStoreFrom } = await import('@certgate/http');
    // Denials alone, as apps with many callers have it, and nobody reads them here.
    console.info = () => undefined;
    console.warn = () => undefined;
    const gate = createGate({
      trustStore: trustStoreFrom(`file:${document}`),
      frontEnd: 'rfc9440',
      frontEndIsolation: 'loopback',
      decisionLog: 'denials',
    });
    await gate.start();
    secureServer(server, gate);
  }
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send({ microseconds: user + system, requests });
  });
}

async function run() {
  const seconds = Number(process.argv[process.argv.indexOf('--seconds') + 1] || 60);
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-callers-'));
  const started = [];
  try {
    const scenes = await createScenes(folder);
    for (const scene of scenes) started.push(Object.assign(scene, await startServer(scene)));
    const samples = new Map(scenes.map(({ name }) => [name, []]));
    for (const scene of scenes) await measure(scene, 500);
    for (let round = 0; round < rounds; round += 1) {
      for (const scene of scenes)
        samples.get(scene.name).push(await measure(scene, (seconds * 1000 * scene.share) / rounds));
    }
    report(scenes.map(({ name, distinct }) => summarize(name, distinct, samples.get(name), samples.get('bare'))));
  } finally {
    for (const { child } of started) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function summarize(name, distinct, rounds, bare) {
  const requests = rounds.reduce((sum, round) => sum + round.requests, 0);
  const milliseconds = rounds.reduce((sum, round) => sum + round.milliseconds, 0);
  const ratios = rounds.map(({ microseconds }, round) => microseconds / bare[round].microseconds);
  return {
    name,
    requests,
    distinct: Math.min(requests, distinct),
    seconds: Math.round(milliseconds / 1000),
    perSecond: Math.round((requests / milliseconds) * 1000),
    microseconds: Number(median(rounds.map((round) => round.microseconds)).toFixed(1)),
    ratio: Number(median(ratios).toFixed(2)),
  };
}

/** Requests of as many callers as there are, one after the other on each connection, for some time. */
async function measure(scene, milliseconds) {
  const before = await scene.ask();
  const start = performance.now();
  const end = start + milliseconds;
  let refused = 0;
  let unexpected;
  await Promise.all(
    Array.from({ length: connections }, () =>
      callUntil(end, scene, (answer) => {
        refused += 1;
        unexpected ??= answer;
      }),
    ),
  );
  const after = await scene.ask();
  const duration = performance.now() - start;
  const requests = scene.sent;
  scene.sent = 0;
  if (refused > 0) throw new Error(`${scene.name}: ${refused} answers are not what was expected: ${unexpected}`);
  return { requests, milliseconds: duration, microseconds: (after.microseconds - before.microseconds) / requests };
}

function callUntil(end, scene, onRefused) {
  return new Promise((resolve, reject) => {
    const socket = connect(scene.port, '127.0.0.1');
    socket.setNoDelay(true);
    let received = '';
    const send = () => {
      socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nclient-cert: :${scene.nextHeader()}:\r\n\r\n`, 'latin1');
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const head = received.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      scene.sent += 1;
      if (!received.startsWith(`HTTP/1.1 ${scene.status}`)) onRefused(received);
      received = '';
      if (performance.now() < end) send();
      else socket.end();
    });
    socket.on('close', resolve);
  });
}

function startServer({ name, document }) {
  const child = fork(fileURLToPath(import.meta.url), ['serve', name, document ?? '']);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The server "${name}" has ended.`)));
  // Seen by whichever wait is under way; at the end it is stopped, and nobody waits.
  ended.catch(() => undefined);
  const receive = () => Promise.race([once(child, 'message').then(([message]) => message), ended]);
  const ask = () => {
    child.send('cpu');
    return receive();
  };
  return receive().then(({ port }) => ({ child, port, ask, sent: 0 }));
}

async function createScenes(folder) {
  const { makeCertificate } = await import('../packages/x509/dist/esm/test-support/certificates.js');
  const { authorityExtensions, issueCertificate } =
    await import('../packages/x509/dist/esm/test-support/issued-certificates.js');
  const { der } = makeCertificate({ name: ['CN = caller'] });
  // Certificates differ in the last octets of their signatures, which nobody looks into where they are pinned.
  const number = (index) => {
    der.writeUInt32BE(index, der.length - 8);
    return der;
  };
  const pins = Array.from({ length: pinnedCount }, (_, index) =>
    createHash('sha256').update(number(index)).digest('hex').toUpperCase(),
  );
  const pinned = join(folder, 'pinned.json');
  writeFileSync(pinned, createLargeDocument(pinnedCount, 1, pins));

  const authority = issueCertificate({
    name: ['CN = Corp CA'],
    extensions: [...authorityExtensions, 'subjectKeyIdentifier = hash'],
  });
  const template = issueCertificate(
    {
      name: ['CN = caller'],
      extensions: ['extendedKeyUsage = clientAuth', 'authorityKeyIdentifier = keyid', 'subjectAltName = DNS:a.example'],
    },
    authority,
  ).certificate.der;
  const issued = join(folder, 'issued.json');
  writeFileSync(issued, JSON.stringify(describeIssued(readFileSync(authority.pemPath, 'utf8'))));
  const key = createPrivateKey(readFileSync(authority.keyPath));
  const headers = Array.from({ length: issuedCount }, (_, index) => renumber(template, index, key).toString('base64'));
  if (
    !new X509Certificate(Buffer.from(headers[1], 'base64')).verify(
      new X509Certificate(readFileSync(authority.pemPath)).publicKey,
    )
  ) {
    throw new Error('The certificates are not signed by the authority.');
  }
  const inTurn = (header) => {
    let index = 0;
    return () => header(index++);
  };
  const ofPinned = (index) => number(index % pinnedCount).toString('base64');
  return [
    { name: 'bare', distinct: pinnedCount, share: 1 / 3, status: 200, nextHeader: inTurn(ofPinned) },
    { name: 'pinned', distinct: pinnedCount, share: 1, document: pinned, status: 200, nextHeader: inTurn(ofPinned) },
    {
      name: 'authority',
      distinct: issuedCount,
      share: 1 / 3,
      document: issued,
      status: 200,
      nextHeader: inTurn((index) => headers[index % issuedCount]),
    },
    {
      name: 'strangers',
      distinct: Infinity,
      share: 1 / 3,
      document: pinned,
      status: 401,
      nextHeader: inTurn((index) => number(pinnedCount + index).toString('base64')),
    },
  ];
}

function describeIssued(pem) {
  const authority = { name: 'corp', trustAnchors: [pem], revocation: { mode: 'off' } };
  const names = [{ issuedBy: 'corp', dns: 'a.example' }];
  return {
    schemaVersion: 1,
    revision: 1,
    authorities: [authority],
    identities: [{ name: 'caller', roles: [], names }],
  };
}

/** The certificate with another serial number, signed again (RFC 5280 §4.1): TBSCertificate, algorithm, signature. */
function renumber(template, index, key) {
  const [tbs, algorithm] = readElements(readElements(template)[0].content);
  const fields = readElements(tbs.content);
  const serial = Buffer.from(fields[1].content);
  serial.writeUInt32BE(index, serial.length - 4);
  const others = fields.map(({ whole }, place) => (place === 1 ? encode(0x02, serial) : whole));
  const signed = encode(0x30, Buffer.concat(others));
  const signature = encode(0x03, Buffer.concat([Buffer.of(0), sign('sha256', signed, key)]));
  return encode(0x30, Buffer.concat([signed, algorithm.whole, signature]));
}

function encode(tag, content) {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

/** The DER elements that follow each other in some bytes. */
function readElements(bytes) {
  const elements = [];
  for (let start = 0; start < bytes.length;) {
    const first = bytes[start + 1];
    const count = first < 128 ? 0 : first & 0x7f;
    const length = count === 0 ? first : Buffer.from(bytes).readUIntBE(start + 2, count);
    const end = start + 2 + count + length;
    elements.push({ whole: bytes.subarray(start, end), content: bytes.subarray(start + 2 + count, end) });
    start = end;
  }
  return elements;
}

function median(values) {
  return values.toSorted((left, right) => left - right)[values.length >> 1];
}

function report(results) {
  const pinned = results.find(({ name }) => name === 'pinned');
  const goals = [
    ...results
      .filter(({ name }) => name !== 'bare')
      .map(({ name, ratio }) => ({
        name: `${name}: at most twice the CPU time of the server without a gate`,
        value: ratio,
        limit: maximumRatio,
        met: ratio <= maximumRatio,
      })),
    {
      name: 'pinned: 10,000 certificates a second, each another, for 60 s',
      value: pinned.perSecond,
      limit: wantedRate,
      met: pinned.perSecond >= wantedRate && pinned.seconds >= 60,
    },
  ];
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${loadavg()[0]?.toFixed(1)}`;
  if (process.argv.includes('--json')) console.log(JSON.stringify({ machine, results, goals }, null, 2));
  else {
    console.log(machine);
    for (const { name, requests, distinct, perSecond, microseconds, ratio } of results) {
      console.log(
        `${name.padEnd(10)} ${String(requests).padStart(8)} requests of ${String(distinct).padStart(7)} certificates, ${String(perSecond).padStart(6)} a second, ${microseconds.toFixed(1).padStart(7)} µs of the server's CPU time each, × ${ratio.toFixed(2)}`,
      );
    }
    for (const { name, value, limit, met } of goals) {
      console.log(`${met ? 'met   ' : 'MISSED'} ${name} (${value}; ${limit})`);
    }
  }
  if (goals.some(({ met }) => !met)) process.exitCode = 1;
}
