// Compares what a decision costs with what people use instead. Everything runs in one process, on the same headers, in
// interleaved rounds, with a fresh string for every call (a string that was hashed or compared before would flatter a
// cache).
//
//   node bench/decision.mjs         the table; exits 1 when a goal is missed
//   node bench/decision.mjs --json  the same as JSON
import { X509Certificate, generateKeyPairSync, hash, randomFillSync, timingSafeEqual } from 'node:crypto';
import { arch, cpus } from 'node:os';
import { SignJWT, jwtVerify } from 'jose';
import { AccessGate, trustStoreFromDocument } from '@certgate/core';
import { createClientCertificate } from '../packages/certgate/dist/esm/certificates/self-signed-certificate.js';

const callsPerRound = 500;
const rounds = 60;
/**
 * The most that the refusal of an unknown caller may cost, in multiples of an API key's check. It is limited because
 * unknown callers choose how often they call.
 */
const strangerLimits = { 'RSA 2048': 2.5, 'EC P-256': 2 };
const requirement = { functionName: 'Orders', roles: [['reader']] };

/**
 * Inputs that once cost a gate of this kind milliseconds each. A refusal must cost less than half of parsing one
 * certificate.
 */
const garbage = [
  ['garbage: 16 KiB of commas', ','.repeat(16_384)],
  ['garbage: 16 KiB of spaces inside', ` a${' '.repeat(16_380)}a`],
  ['garbage: 16 KiB of base64, one that is none', `${'A'.repeat(16_383)}!`],
];

const tests = [...(await forKey('rsa-2048', 'RSA 2048')), ...(await forKey('ec-p256', 'EC P-256'))];
const samples = new Map(tests.map((test) => [test, []]));
for (const test of tests) await runRound(test);
for (let round = 0; round < rounds; round += 1) {
  for (const test of tests) samples.get(test).push(await runRound(test));
}

const results = tests.map((test) => ({ key: test.key, name: test.name, nanoseconds: median(samples.get(test)) }));
const goals = ['RSA 2048', 'EC P-256'].flatMap(listGoals);
report();

async function forKey(keyAlgorithm, key) {
  const allowed = createClientCertificate({ name: 'allowed', keyAlgorithm, now: new Date() });
  const unknown = createClientCertificate({ name: 'unknown', keyAlgorithm, now: new Date() });
  const identity = {
    name: 'allowed',
    roles: ['reader'],
    pins: [{ thumbprintSha256: new X509Certificate(allowed.certificateDer).fingerprint256 }],
  };
  const trustStore = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [identity] });
  const gate = new AccessGate({ trustStore });
  const strangers = listStrangers(unknown.certificateDer);
  const decide = (header, expected) => {
    const decision = gate.decide(header, requirement, Date.now());
    if (decision.code !== expected) throw new Error(`${decision.code} instead of ${expected}`);
  };
  const apiKey = 'k'.repeat(43);
  const apiKeyDigest = hash('sha256', apiKey, 'buffer');
  const { token, publicKey } = await createToken();
  return [
    {
      key,
      name: 'Certgate, warm allowed certificate',
      text: base64(allowed),
      call: (header) => decide(header, 'allowed'),
    },
    {
      key,
      name: 'Certgate, unknown certificates, each another',
      texts: strangers,
      call: (header) => decide(header, 'certificate_not_trusted'),
    },
    ...garbage.map(([name, text]) => ({
      key,
      name,
      text,
      call: (header) => {
        const { code } = gate.decide(header, requirement, Date.now());
        if (code !== 'certificate_malformed' && code !== 'certificate_multiple') throw new Error(code);
      },
    })),
    {
      key,
      name: 'base64 + SHA-256 of the certificate',
      text: base64(unknown),
      call: (header) => hash('sha256', Buffer.from(header, 'base64'), 'hex'),
    },
    {
      key,
      name: 'API key: SHA-256 + timingSafeEqual',
      text: apiKey,
      call: (text) => timingSafeEqual(hash('sha256', text, 'buffer'), apiKeyDigest),
    },
    {
      key,
      name: 'new X509Certificate',
      text: base64(allowed),
      call: (header) => new X509Certificate(Buffer.from(header, 'base64')),
    },
    { key, name: 'jose jwtVerify (ES256)', text: token, call: (text) => jwtVerify(text, publicKey) },
  ];
}

/**
 * A certificate for each call of a round. They differ in the last octets of their signatures, which the gate doesn't
 * verify for an unknown caller.
 */
function listStrangers(der) {
  return Array.from({ length: callsPerRound }, () => {
    const stranger = Buffer.from(der);
    randomFillSync(stranger, stranger.length - 48);
    return stranger.toString('base64');
  });
}

function base64({ certificateDer }) {
  return certificateDer.toString('base64');
}

async function createToken() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await new SignJWT({ sub: 'allowed' })
    .setProtectedHeader({ alg: 'ES256' })
    .setExpirationTime('1h')
    .sign(privateKey);
  return { token, publicKey };
}

/** The time of a round, in nanoseconds per call. */
async function runRound({ text, texts: given, call }) {
  const all = Array.from({ length: callsPerRound }, (_, index) => Buffer.from(given?.[index] ?? text, 'latin1'));
  const texts = all.map((bytes) => bytes.toString('latin1'));
  const start = process.hrtime.bigint();
  for (const fresh of texts) {
    const result = call(fresh);
    if (result instanceof Promise) await result;
  }
  return Number(process.hrtime.bigint() - start) / callsPerRound;
}

function median(values) {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
}

function listGoals(key) {
  const of = (name) => results.find((result) => result.key === key && result.name.startsWith(name)).nanoseconds;
  return [
    goal(key, 'a warm decision costs less than an API-key check', of('Certgate, warm') / of('API key'), 1),
    goal(
      key,
      `refusing an unknown certificate costs at most ${strangerLimits[key]} times an API-key check`,
      of('Certgate, unknown') / of('API key'),
      strangerLimits[key],
    ),
    ...garbage.map(([name]) =>
      goal(key, `${name} costs less than half of parsing one certificate`, of(name) / of('new X509Certificate'), 0.5),
    ),
    goal(
      key,
      'refusing an unknown certificate parses no X.509',
      of('Certgate, unknown') / of('new X509Certificate'),
      0.5,
    ),
  ];
}

function goal(key, name, ratio, limit) {
  return { key, name, ratio: Number(ratio.toFixed(2)), limit, met: ratio <= limit };
}

function report() {
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}`;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ machine, date: new Date().toISOString().slice(0, 10), results, goals }, null, 2));
  } else {
    console.log(`${machine}; ${rounds} rounds of ${callsPerRound} calls, median`);
    for (const { key, name, nanoseconds } of results)
      console.log(`${key.padEnd(9)} ${name.padEnd(40)} ${(nanoseconds / 1000).toFixed(2).padStart(8)} µs`);
    for (const { key, name, ratio, limit, met } of goals)
      console.log(`${met ? 'met   ' : 'MISSED'} ${key}: ${name} (ratio ${ratio}, at most ${limit})`);
  }
  if (goals.some(({ met }) => !met)) process.exitCode = 1;
}
