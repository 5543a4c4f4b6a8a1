// Measures how long the lines of the log are, and what a denial costs if the log only counts it.
//
//   node bench/log-lines.mjs         bytes of a million admitted calls, by what matched; a flood of 10,000 strangers
//   node bench/log-lines.mjs --json  the same as JSON
//   … --json --bytes                 without the flood
import { ReportingGate, trustStoreFromDocument } from '@certgate/core';
import { presentCertificate } from '../packages/core/dist/esm/certificate-header/certificate-header.js';
import { toPem } from '../packages/core/dist/esm/test-support/authority-certificates.js';
import { clientExtensions, makeCertificate } from '../packages/x509/dist/esm/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '../packages/x509/dist/esm/test-support/issued-certificates.js';

// Drops the status line of each gate, because standard output is for the results.
console.info = () => undefined;

const calls = 10_000;
const rounds = 25;
const now = Date.UTC(2027, 0, 1);
const requirement = { functionName: 'Orders', roles: [] };

const authority = issueCertificate({
  name: ['CN = Corp CA'],
  extensions: [...authorityExtensions, 'subjectKeyIdentifier = hash'],
});
const dns = 'billing.corp.example';
const issued = issueCertificate(
  { extensions: [...clientExtensions, 'authorityKeyIdentifier = keyid', `subjectAltName = DNS:${dns}`] },
  authority,
).certificate;
const own = makeCertificate({ name: ['CN = billing'] });
const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(own.der);

const list = (entries, more = {}) => ({
  schemaVersion: 1,
  revision: 12,
  ...more,
  identities: [{ name: 'billing', roles: [], ...entries }],
});
const authorities = [{ name: 'corp', trustAnchors: [toPem(authority.certificate.der)] }];
const documents = {
  thumbprintSha256: [list({ pins: [{ thumbprintSha256 }] }), own.der],
  thumbprintSha1: [list({ pins: [{ thumbprintSha1 }] }), own.der],
  publicKeySha256: [list({ pins: [{ publicKeySha256, notAfter: '2030-01-01T00:00:00Z' }] }), own.der],
  dns: [list({ names: [{ issuedBy: 'corp', dns }] }, { authorities }), issued.der],
};

function createGate(document) {
  return new ReportingGate({ trustStore: trustStoreFromDocument(document) }, () => ({
    host: 'functions',
    closed: [],
    open: [],
  }));
}

function createSubject(write) {
  return {
    functionName: 'Orders',
    invocationId: 'c5d4702f-931f-46df-aaea-a764834bf463',
    about: { method: 'GET', route: 'orders/{id}' },
    log: write,
    warn: write,
  };
}

const extract = (der) => ({
  outcome: 'extracted',
  leaf: Buffer.from(der).toString('base64'),
  encoding: 'base64',
  chain: undefined,
});

async function measureBytes([document, der]) {
  const gate = createGate(document);
  const extraction = extract(der);
  let bytes = 0;
  let lines = 0;
  const subject = createSubject((line) => {
    // The length includes the line feed.
    bytes += Buffer.byteLength(line) + 1;
    lines += 1;
  });
  for (let call = 0; call < calls; call += 1) {
    const decision = await gate.decide(extraction, requirement, now);
    if (decision.outcome !== 'allowed') throw new Error(`Not admitted: ${decision.code}, ${decision.detail}`);
    gate.report({ subject, requirement }, { decision, now, extraction });
  }
  if (lines < calls) throw new Error(`${lines} lines of ${calls} calls.`);
  return Math.round(bytes / calls);
}

/** Nanoseconds per call: the least of all rounds. */
function measureFlood() {
  const strangers = Array.from({ length: calls }, (_, index) => {
    const der = Buffer.from(own.der);
    // Changes the signature, which the gate doesn't verify for an unknown caller.
    der.writeUInt32BE(index, der.length - 8);
    return extract(der);
  });
  const subject = createSubject(() => undefined);
  const document = list({ pins: [{ thumbprintSha256: 'AB'.repeat(32) }] });
  let whole = Infinity;
  let reportAlone = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const gates = [createGate(document), createGate(document)];
    const decisions = [];
    let start = process.hrtime.bigint();
    for (const extraction of strangers) {
      const decision = gates[0].decide(extraction, requirement, now);
      decisions.push(decision);
      gates[0].report({ subject, requirement }, { decision, now, extraction });
    }
    whole = Math.min(whole, Number(process.hrtime.bigint() - start) / calls);
    start = process.hrtime.bigint();
    for (const [index, extraction] of strangers.entries()) {
      gates[1].report({ subject, requirement }, { decision: decisions[index], now, extraction });
    }
    reportAlone = Math.min(reportAlone, Number(process.hrtime.bigint() - start) / calls);
  }
  return { whole: Math.round(whole), reportAlone: Math.round(reportAlone) };
}

const bytes = {};
for (const [matchedBy, scene] of Object.entries(documents)) bytes[matchedBy] = await measureBytes(scene);
const flood = process.argv.includes('--bytes') ? undefined : measureFlood();
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bytesPerAllowedCall: bytes, floodNanosecondsPerCall: flood }));
} else {
  for (const [matchedBy, length] of Object.entries(bytes)) {
    console.log(`${matchedBy.padEnd(18)}${length} bytes a call, ${length} MB for a million admitted calls`);
  }
  if (flood !== undefined)
    console.log(
      `A flood of ${calls} strangers: ${flood.whole} ns a call with the decision, ${flood.reportAlone} ns without`,
    );
}
