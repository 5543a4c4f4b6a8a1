// Measures what the front ends cost: a warm decision behind each one, with its secret, compared with App Service's; and
// 16 KiB of garbage in the field of each one, compared with base64 decoding of the same text. Everything runs in one
// process, in interleaved rounds, with a fresh string for every call.
//
//   node bench/front-ends.mjs         the table; exits 1 when a goal is missed
//   node bench/front-ends.mjs --json  the same as JSON
import { X509Certificate } from 'node:crypto';
import { arch, cpus, loadavg } from 'node:os';
import { AccessGate, resolveFrontEnd, trustStoreFromDocument } from '@certgate/core';
import { frontEndForms } from '@certgate/core/test-support/front-end-forms.js';
import { createClientCertificate } from '../packages/certgate/dist/esm/certificates/self-signed-certificate.js';

const rounds = 60;
const callsPerRound = 300;
const warmUpRounds = 20;
/** How much longer than behind App Service a warm decision may take, in nanoseconds. */
const warmLimit = 1000;
/** How many times as long as base64 decoding of the same text a refusal of garbage may take. */
const garbageLimit = 2.5;
const size = 16_384;

const secret = 'f7Zq0.b3Yx8~kW1_nC5+vR2/mT6=hL9-aS4';
const secretField = 'x-certgate-front-end-secret';
const requirement = { functionName: 'Orders', roles: [['reader']] };
const now = Date.now();
const { certificateDer: der } = createClientCertificate({
  name: 'caller',
  keyAlgorithm: 'rsa-2048',
  now: new Date(now),
});
const pins = [{ thumbprintSha256: new X509Certificate(der).fingerprint256 }];
const document = { schemaVersion: 1, revision: 1, identities: [{ name: 'caller', roles: ['reader'], pins }] };

const [begin, end] = ['-----BEGIN%20CERTIFICATE-----%0A', '%0A-----END%20CERTIFICATE-----%0A'];
const hash = `Hash=${'0123456789abcdef'.repeat(4)}`;
const strangerDer = Buffer.from(der);
strangerDer[strangerDer.length - 1] ^= 1;
const strangerBlock = encodeURIComponent(encodePem(strangerDer));

/**
 * A case for each front end: its field with a certificate (and a chain of two if it passes chains on), and the values
 * of its other fields.
 */
const frontEnds = frontEndForms.map(({ frontEnd, write, verification, handsOnChain }) => {
  const [field] = frontEnd.fields;
  const { [field]: text, ...others } = write(der, handsOnChain ? [der, der] : []);
  if (verification !== undefined) others[verification.field] = verification.success;
  return createCase(frontEnd.name, field, others, text, handsOnChain ? { acceptForwardedChain: true } : {});
});

const pemLines = `${'A'.repeat(64)}%0A`;

/** The garbage for front ends whose field has more in it than the text of one certificate. */
const ownGarbage = {
  envoy: [
    ...listPemGarbage(`${hash};Cert="`, '"'),
    ['a chain of garbage', fill(`${hash};Cert="${strangerBlock}";Chain="${begin}`, pemLines, `${end}"`)],
    ['an unfinished quote', fill(`${hash};Cert="`, 'A', '')],
    ['an unfinished subject', fill('Subject="', 'CN=a,', '')],
    ['escaped quotes', fill('Subject="', '\\"', '"')],
    ['backslashes in a subject', fill('Subject="', '\\', '"')],
    ['backslashes', fill('Subject="a";URI=', '\\', '')],
    ['32 pairs of names', fill('URI=a', `;DNS=${'a'.repeat(505)}`, '')],
    ['short pairs', fill('URI=a', ';DNS=a', '')],
    ['empty pairs', fill('URI=', ';URI=', '')],
    ['elements', fill('Hash=a', ',Hash=a', '')],
    ['elements of names', fill('URI=a', ',URI=a', '')],
    ['a long name', fill('URI=', 'a', '')],
    ['equals signs', fill('', '=', '')],
    ['semicolons', fill('', ';', '')],
    ['quotes', fill('', '"', '')],
  ],
  rfc9440: [
    ...listBase64Garbage(':'),
    ['colons', fill('', ':', '')],
    ['byte sequences', fill(':A:', ',:A:', '')],
    ['parameters', fill(':AAAA:', ';a', '')],
  ],
};

const garbage = Object.fromEntries(
  frontEnds.map(({ name, text }) => [
    name,
    ownGarbage[name] ?? (text.startsWith(begin) ? listPemGarbage('', '') : listBase64Garbage('')),
  ]),
);

const tests = [
  ...frontEnds.map(({ name, text, decide }) => ({
    kind: 'warm',
    name,
    text,
    call: (fresh) => expectAllowed(decide(fresh)),
  })),
  ...frontEnds.flatMap(({ name, decide }) =>
    garbage[name].flatMap(([what, text]) => [
      { kind: 'garbage', name, what, text, call: (fresh) => expectDenied(decide(fresh)) },
      // The equals signs are replaced, because a base64 decoder would stop at the first one.
      { kind: 'base64', name, what, text: text.replaceAll('=', 'A'), call: (fresh) => Buffer.from(fresh, 'base64') },
    ]),
  ),
];
const samples = new Map(tests.map((test) => [test, []]));
for (let round = -warmUpRounds; round < rounds; round += 1) {
  for (const test of tests) {
    const nanoseconds = runRound(test, test.kind === 'warm' ? callsPerRound : callsPerRound / 10);
    // The rounds below 0 are left out: they warm up, and make the decisions that the gate remembers.
    if (round >= 0) samples.get(test).push(nanoseconds);
  }
}
report();

function createCase(name, field, others, text, options = {}) {
  const isProven = name !== 'app-service';
  const resolved = resolveFrontEnd(
    { frontEnd: name, ...(isProven ? { frontEndSecret: [secret, `${secret}x`] } : {}), ...options },
    {},
  );
  if (resolved.outcome === 'denied') throw new Error(resolved.detail);
  const gate = new AccessGate({ trustStore: trustStoreFromDocument(document) });
  const fixed = new Map(Object.entries(isProven ? { ...others, [secretField]: secret } : others));
  const decide = (fresh) =>
    gate.decideExtracted(
      resolved.reader.read((wanted) => (wanted === field ? fresh : fixed.get(wanted))),
      requirement,
      now,
    );
  return { name, text, decide };
}

function encodePem(bytes) {
  const lines = bytes.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

function fill(start, unit, finish) {
  const room = size - start.length - finish.length;
  return start + unit.repeat(Math.ceil(room / unit.length)).slice(0, room) + finish;
}

/**
 * Garbage that is not framed as one DER SEQUENCE. With such a frame it would be an unknown caller's certificate, which
 * `node bench/decision.mjs` measures.
 */
function listBase64Garbage(around) {
  return [
    ['commas', fill('', ',', '')],
    ['spaces', fill(`${around}a`, ' ', `a${around}`)],
    ['base64', fill(around, 'A', around)],
    ['base64 with one wrong character', fill(around, 'A', `!${around}`)],
    ['base64url', fill(around, '-', around)],
  ];
}

function listPemGarbage(before, after) {
  const [start, finish] = [before + begin, end + after];
  const room = size - start.length - finish.length;
  const lines = Math.floor((room + 3) / 67);
  return [
    ['commas', fill('', ',', '')],
    ['armour around commas', fill(start, ',', finish)],
    ['armour around letters', fill(start, 'A', finish)],
    ['armour around line feeds', fill(start, '%0A', finish)],
    ['armour around plus signs', fill(start, `${'%2B'.repeat(64)}%0A`, finish)],
    ['armour around lines', start + pemLines.repeat(lines).slice(0, -3) + finish],
    ['armour around lines with a wrong end', `${start}${pemLines.repeat(lines - 1)}AAA!${finish}`],
    ['armour around lines that are not canonical', `${start}${pemLines.repeat(lines - 1)}AB%3D%3D${finish}`],
    ['armour upon armour', fill(before, begin + end, after)],
    ['a block and no end', fill(start, pemLines, '')],
  ];
}

function expectAllowed(decision) {
  if (decision.code !== 'allowed') throw new Error(`${decision.code}: ${decision.detail}`);
}

function expectDenied(decision) {
  if (decision.outcome !== 'denied' || decision.code === 'certificate_too_large')
    throw new Error(`Garbage was not looked at: ${decision.code}`);
}

/** The time of a round, in nanoseconds per call. */
function runRound({ text, call }, calls) {
  const bytes = Buffer.from(text, 'latin1');
  const texts = Array.from({ length: calls }, () => bytes.toString('latin1'));
  const start = process.hrtime.bigint();
  for (const fresh of texts) call(fresh);
  return Number(process.hrtime.bigint() - start) / calls;
}

function median(values) {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}

function report() {
  const warm = tests
    .filter(({ kind }) => kind === 'warm')
    .map((test) => ({ name: test.name, nanoseconds: median(samples.get(test)) }));
  const [base] = warm;
  // Warm decisions compared with those behind App Service, which is the first front end of the list.
  const above = warm.map(({ name, nanoseconds }) => ({ name, nanoseconds, above: nanoseconds - base.nanoseconds }));
  const costs = tests
    .filter(({ kind }) => kind === 'garbage')
    .map((test) => {
      const decoding = tests.find(
        ({ kind, name, what }) => kind === 'base64' && name === test.name && what === test.what,
      );
      // The median of the ratios in each round, because other work on the machine slows both sides of a round.
      const ratio = median(samples.get(test).map((each, round) => each / samples.get(decoding)[round]));
      return { name: test.name, what: test.what, nanoseconds: median(samples.get(test)), ratio };
    });
  const missed = [
    ...above.filter((each) => !(each.above <= warmLimit)).map(({ name }) => `${name}: a warm decision`),
    ...costs.filter(({ ratio }) => !(ratio <= garbageLimit)).map(({ name, what }) => `${name}: ${what}`),
  ];
  if (process.argv.includes('--json')) console.log(JSON.stringify({ warm: above, garbage: costs, missed }, null, 2));
  else print(above, costs, missed);
  if (missed.length > 0) process.exitCode = 1;
}

function print(above, costs, missed) {
  const load = loadavg()[0].toFixed(1);
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${arch()}, load ${load}`;
  console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}\n`);
  console.log(
    '| front end | warm, ns | above App Service, ns | most expensive garbage | µs | times base64 decoding |\n|---|---|---|---|---|---|',
  );
  for (const { name, nanoseconds, above: more } of above) {
    const own = costs.filter((each) => each.name === name).toSorted((left, right) => right.ratio - left.ratio);
    const listed = process.argv.includes('--all') ? own : own.slice(0, 1);
    for (const [index, { what, nanoseconds: cost, ratio }] of listed.entries()) {
      const first = index === 0 ? `${name} | ${Math.round(nanoseconds)} | ${Math.round(more)}` : ' | | ';
      console.log(`| ${first} | ${what} | ${(cost / 1000).toFixed(1)} | ${ratio.toFixed(2)} |`);
    }
  }
  console.log(missed.length === 0 ? '\nAll goals are met.' : `\nMissed: ${missed.join('; ')}.`);
}
