// Measures the steps of a first sight (the first decision about a caller), and other work that is done once for each
// caller. The figures are CPU time: the tenth percentile of many rounds, which alternate with rounds of what they are
// compared with.
//
//   node bench/first-sight.mjs                    the table; exits with 1 when a goal is missed
//   node bench/first-sight.mjs --json             the same as JSON
//   … --only 'the first' --checkout PATH  rows whose names begin so; another checkout that is built
import { X509Certificate, createPublicKey, verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { arch, cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { writeCrl } from '@certgate/x509/test-support/certificate-writing.js';
import {
  askAbout,
  newName,
  pathNow,
  readWritten,
  requireCrls,
  writeChain,
} from '@certgate/x509/test-support/written-path.js';
import { createIssuedCallers, createPinnedCallers } from './numbered-callers.mjs';
import { readByPkijs, verifyByPkijs } from './pkijs-path.mjs';
import { createLargeDocument } from './refresh-memory.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    checkout: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const packages = new URL('packages/', pathToFileURL(`${resolve(values.checkout)}/`));
const load = (path) => import(new URL(path, packages).href);
const { AccessGate, ReportingGate, trustStoreFromDocument } = await load('core/dist/internal.mjs');
const { decodeClientCertificate } = await load('x509/dist/internal.mjs');
const path = await load('x509/dist/path.mjs');

const rounds = 50;
const warmUpRounds = 25;
/** More callers than a gate remembers. */
const callers = 20_000;
const entries = 900_000;
const linesOfGate = 20;
const requirement = { functionName: 'Orders', roles: [] };

/**
 * The rows with their goals. `limit`: at most so many microseconds. `share`: at most this share of what the row is
 * compared with. `above`: at most so many microseconds more than that.
 */
const rows = [
  { name: 'the first sight of a pinned caller', beside: '`new X509Certificate`', share: 0.2, prepare: preparePinned },
  {
    name: 'the first sight of a caller of an authority, P-256',
    beside: 'one verification',
    above: 110,
    prepare: prepareIssued,
  },
  { name: 'strict decoding of a certificate', beside: '`new X509Certificate`', limit: 9, prepare: prepareDecoding },
  { name: 'importing an RSA key', beside: '`createPublicKey` of its SPKI', limit: 10, prepare: prepareKey },
  { name: 'a path with two CRLs from bytes, RSA', beside: 'the same by pkijs', share: 0.12, prepare: preparePath },
  { name: 'the line of a stranger, 400,000 identities', beside: 'the same, 10', limit: 100, prepare: prepareLine },
];

const results = [];
for (const row of rows.filter(({ name }) => name.startsWith(values.only)))
  results.push(await measure(row, await row.prepare()));
if ('decoding a CRL'.startsWith(values.only)) results.push(...(await measureList()));
report();

/**
 * Measures one call of `own` and one of `other`. `make` prepares a fresh argument for each call, outside the measured
 * time.
 */
async function measure({ name, beside, share, above, limit }, { own, other, calls = 200 }) {
  const samples = { own: [], other: [] };
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    for (const [side, { make = () => undefined, call }] of Object.entries({ own, other })) {
      const given = Array.from({ length: calls }, make);
      const start = process.cpuUsage();
      for (const each of given) {
        const result = call(each);
        if (result instanceof Promise) await result;
      }
      const { user, system } = process.cpuUsage(start);
      if (round >= warmUpRounds) samples[side].push((user + system) / calls);
    }
  }
  const [microseconds, compared] = [lowest(samples.own), lowest(samples.other)];
  const most = limit ?? (share === undefined ? undefined : share * compared) ?? (above && above + compared);
  return {
    name,
    microseconds,
    beside,
    compared,
    ...(most === undefined ? {} : { limit: most, met: microseconds <= most }),
  };
}

/** The tenth percentile, because other work on the machine makes a round slower and never faster. */
function lowest(samples) {
  return samples.toSorted((left, right) => left - right)[Math.floor(samples.length / 10)];
}

/** Returns a function that makes a fresh string at each call, with the header of the next caller. */
function takeTurns(header) {
  let index = 0;
  return () => Buffer.from(header(index++), 'latin1').toString('latin1');
}

function decideOn(document, header) {
  const gate = new AccessGate({ trustStore: trustStoreFromDocument(document) });
  return {
    make: takeTurns(header),
    call: (text) => {
      const decision = gate.decide(text, requirement, Date.now());
      if (decision.code !== 'allowed') throw new Error(`${decision.code}: ${decision.detail}`);
    },
  };
}

function preparePinned() {
  const { header, thumbprint } = createPinnedCallers();
  const pins = Array.from({ length: callers }, (_, index) => thumbprint(index));
  const parse = (text) => new X509Certificate(Buffer.from(text, 'base64'));
  return {
    own: decideOn(JSON.parse(createLargeDocument(callers, 1, pins)), (index) => header(index % callers)),
    other: { make: takeTurns(header), call: parse },
  };
}

function prepareIssued() {
  const { document, header } = createIssuedCallers(callers);
  const certificate = Buffer.from(header(0), 'base64');
  const key = new X509Certificate(document.authorities[0].trustAnchors[0]).publicKey;
  const { tbs, signature } = readSigned(certificate);
  if (!verify('sha256', tbs, key, signature)) throw new Error('The signature is not valid.');
  return { own: decideOn(document, header), other: { call: () => verify('sha256', tbs, key, signature) } };
}

/**
 * The TBSCertificate and the signature (RFC 5280 §4.1). The code expects lengths of three octets for the former and of
 * one for the latter.
 */
function readSigned(der) {
  const end = 8 + der.readUInt16BE(6);
  const algorithm = end + 2 + der[end + 1];
  return { tbs: der.subarray(4, end), signature: der.subarray(algorithm + 3) };
}

function prepareDecoding() {
  const { leaf } = writeChain('p-256');
  const decode = () => {
    if (!decodeClientCertificate(leaf).ok) throw new Error('The certificate is malformed.');
  };
  return { own: { call: decode }, other: { call: () => new X509Certificate(leaf) } };
}

async function prepareKey() {
  const own = new URL('x509/dist/esm/certificate/rsa-key.js', packages);
  const spki = new X509Certificate(writeChain('rsa-2048').leaf).publicKey.export({ format: 'der', type: 'spki' });
  const create = () => createPublicKey({ key: spki, format: 'der', type: 'spki' });
  // Earlier checkouts have no function of their own that reads an RSA key.
  const { readRsaKey = create } = existsSync(own) ? await import(own.href) : {};
  if (!readRsaKey(spki).equals(create())) throw new Error('Another key.');
  return { own: { call: () => readRsaKey(spki) }, other: { call: create } };
}

function preparePath() {
  const chain = writeChain('rsa-2048');
  const decode = (der) => readWritten(path.decodePathCertificate, der);
  const call = () => {
    const crls = chain.crls.map((der) => readWritten(path.decodeCertificateRevocationList, der));
    const [root, intermediate, leaf] = [chain.root, chain.intermediate, chain.leaf].map(decode);
    const rest = { intermediates: [intermediate], revocation: requireCrls(crls) };
    const verdict = path.findCertificationPath(askAbout(leaf, root, rest));
    if (verdict.outcome !== 'valid') throw new Error(path.describePathFault(verdict));
  };
  return { own: { call }, other: { call: () => verifyByPkijs(readByPkijs(chain)) }, calls: 20 };
}

function prepareLine() {
  // Drops the gate's sums of suppressed lines, which it writes each minute, because standard output is for the results.
  console.info = () => undefined;
  const { header } = createPinnedCallers();
  return { own: tell(400_000), other: tell(10), calls: linesOfGate };

  function tell(size) {
    const trustStore = trustStoreFromDocument(JSON.parse(createLargeDocument(size, 1)));
    let written = 0;
    const log = () => (written += 1);
    const subject = { functionName: 'Orders', invocationId: 'c5d4702f-931f-46df-aaea-a764834bf463', log, warn: log };
    const next = takeTurns(header);
    const open = () => {
      const gate = new ReportingGate({ trustStore }, () => ({ host: 'functions', closed: [], open: [] }));
      const now = Date.now();
      const decision = gate.decideHeader(undefined, requirement, now);
      // Once a day, a gate goes through the document, a thousand pins with each call. This does so before the
      // measurement.
      for (let looked = 0; looked <= size; looked += 1_000) gate.report({ subject, requirement }, { decision, now });
      return gate;
    };
    let gate;
    let index = 0;
    const make = () => {
      // A gate writes 20 such lines a minute, so every 20 calls get a new gate.
      if (index++ % linesOfGate === 0) gate = open();
      return { gate, extraction: { outcome: 'extracted', leaf: next(), encoding: 'base64', chain: undefined } };
    };
    const call = ({ gate, extraction }) => {
      const [now, before] = [Date.now(), written];
      const decision = gate.decide(extraction, requirement, now);
      gate.report({ subject, requirement }, { decision, now, extraction });
      if (decision.code !== 'certificate_not_trusted' || written === before)
        throw new Error(`${decision.code}: no line`);
    };
    return { make, call };
  }
}

/**
 * The time that a gate takes to decode a list, and how long it blocks the event loop: the least values of some runs.
 */
async function measureList() {
  const revoked = Array.from({ length: entries }, (_, index) => index + 1);
  const der = writeCrl({ issuer: newName('Root', 'p-256'), revoked });
  let [milliseconds, delay] = [Infinity, Infinity];
  for (let run = 0; run < 5; run += 1) {
    const { cost, longest } = await decodeList(der);
    milliseconds = Math.min(milliseconds, cost);
    delay = Math.min(delay, longest);
  }
  return [
    { name: 'decoding a CRL of 900,000 entries', microseconds: milliseconds * 1000, limit: 700_000 },
    { name: 'the event loop’s delay while a CRL is decoded', microseconds: delay * 1000, limit: 15_000 },
  ].map((row) => ({ ...row, met: row.microseconds <= row.limit }));
}

async function decodeList(der) {
  let [longest, turns, last] = [0, 0, performance.now()];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  const start = process.cpuUsage();
  const decoding = await path.decodeCrlFileInSlices(der);
  const { user, system } = process.cpuUsage(start);
  clearImmediate(next);
  longest = Math.max(longest, performance.now() - last);
  if (!decoding.ok || turns < 20)
    throw new Error(`${decoding.fault ?? 'decoded'}, in ${turns} turns of the event loop.`);
  return { cost: (user + system) / 1000, longest };
}

function report() {
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, load ${loadavg()[0]?.toFixed(1)}`;
  if (values.json) console.log(JSON.stringify({ machine, results }, null, 2));
  else {
    console.log(machine);
    for (const { name, microseconds, beside, compared, limit, met } of results) {
      const other = beside === undefined ? '' : `, ${(microseconds / compared).toFixed(2)} × ${beside}`;
      const goal = limit === undefined ? '' : ` (${met ? 'met' : 'MISSED'}, at most ${limit.toFixed(1)})`;
      console.log(`${name.padEnd(52)}${microseconds.toFixed(1).padStart(11)} µs${goal}${other}`);
    }
  }
  if (results.length === 0) throw new Error(`No row's name begins with ${values.only}.`);
  if (results.some(({ met }) => met === false)) process.exitCode = 1;
}
