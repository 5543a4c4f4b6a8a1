// Measures what must not get slower, larger or longer unnoticed, for CI. Times are ratios within one
// run, in CPU time, and their limits are at least 1.3 times what was measured. The other benchmarks have the goals
// themselves.
//
//   npm run bench -- guards         exits with 1 when a limit is passed
//   npm run bench -- guards --json  the same as JSON
import { spawnSync } from 'node:child_process';
import { X509Certificate, createHash, hash, randomFillSync, timingSafeEqual } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { AccessGate, trustStoreFromDocument } from '@certgate/core';
import { decodeClientCertificate } from '@certgate/x509';
import { makeCertificate } from '../packages/x509/dist/esm/test-support/certificates.js';
import { measureRefreshMemory } from './refresh-memory.mjs';

const rounds = 61;
const callsPerRound = 2_000;
const requirement = { functionName: 'Orders', roles: [['reader']] };
/** The limit for the start of a process. The goal in cold-import.mjs is 1.75. */
const startLimit = 2.6;

const { der } = makeCertificate({ name: ['CN = allowed'] });
const pins = [{ thumbprintSha256: new X509Certificate(der).fingerprint256 }];
const identities = [{ name: 'allowed', roles: ['reader'], pins }];
const gate = new AccessGate({ trustStore: trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities }) });
const apiKey = 'k'.repeat(43);
const apiKeyDigest = createHash('sha256').update(apiKey).digest();
const garbage = `${'A'.repeat(16_383)}!`;

const checkApiKey = { texts: [apiKey], call: (text) => timingSafeEqual(hash('sha256', text, 'buffer'), apiKeyDigest) };
const decideOn = (texts, code) => ({
  texts,
  call: (text) => {
    const decision = gate.decide(text, requirement, Date.now());
    if (decision.code !== code) throw new Error(`${decision.code} instead of ${code}`);
  },
});

const guards = [
  ['a warm decision, times an API key check', 0.6, compare(decideOn([der.toString('base64')], 'allowed'), checkApiKey)],
  [
    'refusing a stranger (EC P-256), times an API key check',
    3.5,
    compare(decideOn(listStrangers(), 'certificate_not_trusted'), checkApiKey),
  ],
  [
    'refusing 16 KiB of garbage, times decoding it as base64',
    4,
    compare(decideOn([garbage], 'certificate_malformed'), {
      texts: [garbage],
      call: (text) => Buffer.from(text, 'base64'),
    }),
  ],
  [
    'strict decoding of a certificate (EC P-256), times `new X509Certificate`',
    0.25,
    compare(
      { texts: [der.toString('base64')], call: (text) => decodeClientCertificate(Buffer.from(text, 'base64')) },
      { texts: [der.toString('base64')], call: (text) => new X509Certificate(Buffer.from(text, 'base64')) },
    ),
  ],
  ['a start up to the first pinned decision, times what `@azure/functions` adds', startLimit, measureStart()],
  ['source files on the path of a pinned decision', 15, countFiles('pinned')],
  ['source files on the path of an authority’s decision', 46, countFiles('authority')],
  [
    'what a refresh of 20,000 pins needs, times the heap of the document in use',
    2,
    measureRefreshMemory(20_000, { live: true }).ratio,
  ],
  ['bytes of a log line of a pinned caller', 480, countLineBytes()],
].map(([name, limit, value]) => ({ name, value: Number(value.toFixed(2)), limit, met: value > 0 && value <= limit }));

if (process.argv.includes('--json')) console.log(JSON.stringify({ guards }, null, 2));
else {
  for (const { name, value, limit, met } of guards) {
    console.log(`${met ? 'met   ' : 'MISSED'} ${name}: ${value}, at most ${limit}`);
  }
}
if (guards.some(({ met }) => !met)) process.exitCode = 1;

/** The median of the ratios of paired rounds, without the first five. */
function compare(subject, reference) {
  const ratios = Array.from({ length: rounds }, () => runRound(subject) / runRound(reference)).slice(5);
  return ratios.sort((left, right) => left - right)[ratios.length >> 1];
}

/**
 * The CPU time of a round, in microseconds per call. Each call gets a fresh string: one that was hashed or compared
 * before would make a memory look faster.
 */
function runRound({ texts, call }) {
  const count = Math.min(callsPerRound, Math.ceil(2e6 / texts[0].length));
  const all = Array.from({ length: count }, (_, index) => Buffer.from(texts[index % texts.length], 'latin1'));
  const fresh = all.map((bytes) => bytes.toString('latin1'));
  const start = process.cpuUsage();
  for (const text of fresh) call(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count;
}

/**
 * Certificates that differ in the last octets of their signatures, which the gate doesn't verify for an unknown caller.
 */
function listStrangers() {
  return Array.from({ length: 500 }, () => {
    const stranger = Buffer.from(der);
    return randomFillSync(stranger, stranger.length - 40).toString('base64');
  });
}

function measureStart() {
  return JSON.parse(runNode('cold-import.mjs', '--json', '--rounds', '15')).goals[0].share;
}

function countFiles(kind) {
  return JSON.parse(runNode('count-path-files.mjs', kind)).length;
}

function countLineBytes() {
  return JSON.parse(runNode('log-lines.mjs', '--json', '--bytes')).bytesPerAllowedCall.thumbprintSha256;
}

function runNode(file, ...words) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  // A missed goal of the other script is not a failure here, because each guard has a limit of its own.
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], { encoding: 'utf8' });
  if (status !== 0 && stdout === '') throw new Error(stderr);
  return stdout;
}
