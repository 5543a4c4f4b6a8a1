// Measures what the gate costs a server when nearly every request comes from another caller: 400,000 pinned
// certificates, 20,000 of an authority (more than the 4,096 that a gate remembers), and unknown callers. Also measures
// what a line for every request of one caller costs. The same server of node:http without a gate gets the same requests
// in the same round, for comparison.
//
//   node bench/many-callers.mjs                  the table; exits with 1 when a goal is missed, or a scene had too few requests
//   node bench/many-callers.mjs --json           the same as JSON
//   … --seconds 6 --only pinned --only strangers  seconds in all for each scene, and scenes
//   … --checkout PATH                            the servers of another checkout that is built
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createIssuedCallers, createPinnedCallers } from './numbered-callers.mjs';
import { createLargeDocument } from './refresh-memory.mjs';

const own = fileURLToPath(import.meta.url);
const pinnedCount = 400_000;
const issuedCount = 20_000;
const connections = 32;
const rounds = 12;
const warmUp = 5_000;
const fewestRequests = 10_000;
/** The first requests of a process are measured as well: this many, in each of `processes` processes. */
const firstRequests = 400;
const processes = 5;
/** The goals for a warm server: the CPU time of a request, as a multiple of one without a gate. */
const limits = { pinned: 7, authority: 20, strangers: 3 };
/**
 * The goal for a log line: what it adds to a request, as a multiple of what a line with the same members adds without a
 * gate.
 */
const lineLimit = 1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '15' },
    only: { type: 'string', multiple: true },
    checkout: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds must be a positive number, not ${values.seconds}.`);
if (positionals[0] === 'serve') await serve(positionals[1], positionals[2]);
else await run();

/** Runs the server of one scene, in a process of its own. It answers each message with its CPU time in microseconds. */
async function serve(name, document) {
  const server = createServer((_request, response) => {
    if (name === 'console') console.info(writeLine());
    response.end('hello');
  });
  if (document !== undefined) {
    const packages = new URL('packages/', pathToFileURL(`${resolve(values.checkout)}/`));
    const { createGate, secureServer, trustStoreFrom } = await import(new URL('http/dist/index.mjs', packages).href);
    const gate = createGate({
      trustStore: trustStoreFrom(`file:${document}`),
      frontEnd: 'rfc9440',
      frontEndIsolation: 'loopback',
      // The scene "lines" logs every decision. The others log only denials, as apps with many callers do, and drop the
      // lines.
      ...(name === 'lines'
        ? { decisionLog: 'all' }
        : { decisionLog: 'denials', log: { info: () => undefined, warn: () => undefined } }),
    });
    await gate.start();
    secureServer(server, gate);
  }
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send(user + system);
  });
}

/** A line with the members of an admitted call's line. */
function writeLine() {
  return JSON.stringify({
    certgate: 1,
    event: 'decision',
    time: new Date().toISOString(),
    process: '5e0c2f7a91b3d846',
    outcome: 'allowed',
    code: 'allowed',
    function: 'http',
    method: 'GET',
    correlationId: randomUUID(),
    identity: 'caller-000000',
    matchedBy: 'thumbprintSha256',
    thumbprintSha256: '8F'.repeat(32),
    trustRevision: 1,
    trustSha256: '982DF45B441B55BE',
  });
}

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-callers-'));
  try {
    const scenes = createScenes(folder).filter(({ name }) => name === 'bare' || (values.only?.includes(name) ?? true));
    const first = new Map(scenes.map(({ name }) => [name, []]));
    for (let count = 0; count < processes; count += 1) {
      for (const scene of scenes.filter(({ isWarm }) => isWarm !== true)) {
        const started = await startServer(scene, scene.firstDocument);
        first.get(scene.name).push(await measure(started, () => started.sent >= firstRequests));
        started.child.kill();
      }
    }
    report(scenes, first, await measureSteady(scenes));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSteady(scenes) {
  const samples = new Map(scenes.map(({ name }) => [name, []]));
  const started = [];
  try {
    for (const scene of scenes) started.push(await startServer(scene, scene.document));
    for (const server of started) await measure(server, () => server.sent >= warmUp);
    for (let round = 0; round < rounds; round += 1) {
      for (const server of started) {
        const end = performance.now() + (seconds * 1000) / rounds;
        samples.get(server.name).push(await measure(server, () => performance.now() >= end));
      }
    }
  } finally {
    for (const { child } of started) child.kill();
  }
  return samples;
}

/** Sends requests of successive callers on all connections, one after the other on each, until `isOver`. */
async function measure(server, isOver) {
  server.sent = 0;
  const before = await server.ask();
  const start = performance.now();
  const refused = [];
  await Promise.all(Array.from({ length: connections }, () => callUntil(isOver, server, refused)));
  const milliseconds = performance.now() - start;
  if (refused.length > 0)
    throw new Error(`${server.name}: ${refused.length} answers are not what was expected: ${refused[0]}`);
  const microseconds = ((await server.ask()) - before) / server.sent;
  return { requests: server.sent, milliseconds, microseconds };
}

function callUntil(isOver, server, refused) {
  return new Promise((done, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.setNoDelay(true);
    let received = '';
    let isAwaited = false;
    const send = () => {
      if (isOver()) {
        socket.end();
        return;
      }
      server.sent += 1;
      isAwaited = true;
      socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nclient-cert: :${server.nextHeader()}:\r\n\r\n`, 'latin1');
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const head = received.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      if (!received.startsWith(`HTTP/1.1 ${server.status}`)) refused.push(received);
      received = '';
      isAwaited = false;
      send();
    });
    socket.on('close', () => {
      if (isAwaited) reject(new Error(`${server.name}: a connection ended before its answer.`));
      else done();
    });
  });
}

async function startServer(scene, document) {
  const words = ['serve', scene.name, ...(document === undefined ? [] : [document]), '--checkout', values.checkout];
  // The standard output of the server, with its lines, goes to /dev/null.
  const child = fork(own, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The server "${scene.name}" has ended.`)));
  // Marks the rejection as handled: the wait that is under way sees it, and when the server is stopped at the end,
  // nothing waits for it.
  ended.catch(() => undefined);
  const receive = () => Promise.race([once(child, 'message').then(([message]) => message), ended]);
  const ask = () => {
    child.send('cpu');
    return receive();
  };
  const { port } = await receive();
  let index = 0;
  return { ...scene, child, port, ask, sent: 0, nextHeader: () => scene.header(index++) };
}

/**
 * The scenes. `firstDocument` is the document for measuring the first requests of a process. For pinned certificates it
 * is small, so that a process starts in a moment.
 */
function createScenes(folder) {
  const pinnedCallers = createPinnedCallers();
  const issuedCallers = createIssuedCallers(issuedCount);
  const pins = Array.from({ length: pinnedCount }, (_, index) => pinnedCallers.thumbprint(index));
  const write = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const few = write('few.json', createLargeDocument(1_000, 1, pins));
  const all = write('all.json', createLargeDocument(pinnedCount, 1, pins));
  const issued = write('issued.json', JSON.stringify(issuedCallers.document));
  const pinned = (index) => pinnedCallers.header(index % pinnedCount);
  const stranger = (index) => pinnedCallers.header(pinnedCount + index);
  const one = () => pinnedCallers.header(0);
  return [
    { name: 'bare', status: 200, header: pinned },
    { name: 'pinned', status: 200, header: pinned, document: all, firstDocument: few },
    { name: 'authority', status: 200, header: issuedCallers.header, document: issued, firstDocument: issued },
    { name: 'strangers', status: 401, header: stranger, document: all, firstDocument: few },
    { name: 'warm', status: 200, header: one, document: few, isWarm: true },
    { name: 'lines', status: 200, header: one, document: few, isWarm: true },
    { name: 'console', status: 200, header: one, document: few, isWarm: true },
  ];
}

function summarize({ name }, first, steady) {
  const of = (samples) => median(samples.map(({ microseconds }) => microseconds));
  const relate = (samples) =>
    median(samples.get(name).map(({ microseconds }, round) => microseconds / samples.get('bare')[round].microseconds));
  const requests = sum(steady.get(name), 'requests');
  return {
    name,
    requests,
    perSecond: Math.round((requests / sum(steady.get(name), 'milliseconds')) * 1000),
    microseconds: of(steady.get(name)),
    ratio: relate(steady),
    ...(first.get(name).length === 0 ? {} : { firstMicroseconds: of(first.get(name)), firstRatio: relate(first) }),
  };
}

function sum(samples, member) {
  return samples.reduce((total, sample) => total + sample[member], 0);
}

function median(numbers) {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1];
}

function report(scenes, first, steady) {
  const results = scenes.map((scene) => summarize(scene, first, steady));
  const short = results.find(({ requests }) => requests < fewestRequests);
  if (short !== undefined)
    throw new Error(
      `${short.name}: ${short.requests} requests, and a figure needs ${fewestRequests}: give more --seconds.`,
    );
  const goals = listGoals(results, steady);
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${loadavg()[0]?.toFixed(1)}`;
  if (values.json) console.log(JSON.stringify({ machine, results, goals }, null, 2));
  else {
    console.log(`${machine}\nµs of the server's CPU time for a request, and times that without a gate\n`);
    console.log(`            requests  a second    steady              the first ${firstRequests} of a process`);
    for (const { name, requests, perSecond, microseconds, ratio, firstMicroseconds, firstRatio } of results) {
      const format = (value, times) => `${value.toFixed(1).padStart(9)} × ${times.toFixed(2).padEnd(6)}`;
      const cold = firstRatio === undefined ? '' : format(firstMicroseconds, firstRatio);
      console.log(
        `${name.padEnd(10)}${String(requests).padStart(10)}${String(perSecond).padStart(10)} ${format(microseconds, ratio)} ${cold}`,
      );
    }
    for (const { name, value, limit, met } of goals)
      console.log(`${met ? 'met   ' : 'MISSED'} ${name} (${Number(value?.toFixed(2))}, at most ${limit})`);
  }
  if (goals.some(({ met }) => !met)) process.exitCode = 1;
}

function listGoals(results, steady) {
  const ratios = results
    .filter(({ name }) => limits[name] !== undefined)
    .map(({ name, ratio }) => ({ name: `${name}: times a request without a gate`, value: ratio, limit: limits[name] }));
  const of = (name) => results.find((each) => each.name === name)?.microseconds;
  const line = {
    name: 'the line of an admitted call, times one that a server without a gate writes',
    value: (of('lines') - of('warm')) / (of('console') - of('bare')),
    limit: lineLimit,
  };
  const isMeasured = ['lines', 'warm', 'console'].every((name) => steady.has(name));
  return [...ratios, ...(isMeasured ? [line] : [])].map((goal) => ({
    ...goal,
    met: goal.value <= goal.limit,
  }));
}
