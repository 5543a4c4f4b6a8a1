// Measures what a decision costs once the certificate has been seen: for a pinned certificate, and for one issued by an
// authority with revocation lists. Both stores read files and refresh, so both look at their clocks.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tools from '@certgate/core/internal';

const rounds = 41;
const decisionsPerRound = 20_000;
export const requirement = { functionName: 'GetOrder', roles: [['orders.read']] };

/**
 * The cost of each decision in nanoseconds: the median of alternating rounds. `now` is in milliseconds, within the
 * chain's validity.
 */
export async function measureWarmDecisions(chain, now) {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-'));
  try {
    const header = chain.leaf.toString('base64');
    const pinned = await openPinned(tools, chain, folder);
    const issued = await openIssued(tools, chain, folder);
    const times = { pinned: [], issued: [] };
    for (let round = 0; round <= rounds; round += 1) {
      for (const [name, gate] of [
        ['pinned', pinned],
        ['issued', issued],
      ]) {
        const nanoseconds = runRound(gate, header, now);
        // Round 0 is left out: it warms up, and makes the decision that the gate remembers.
        if (round > 0) times[name].push(nanoseconds);
      }
    }
    return { pinned: median(times.pinned), issued: median(times.issued) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Opens a gate of the given build of core that lists the chain's leaf by its thumbprint. */
export async function openPinned(library, chain, folder) {
  return openGate(library, join(folder, 'pinned.json'), describePinned(chain));
}

/** Opens a gate that trusts the chain's authority, with its revocation lists, and lists the leaf by a name. */
export async function openIssued(library, chain, folder) {
  return openGate(library, join(folder, 'issued.json'), describeIssued(chain, folder));
}

async function openGate(library, file, document) {
  const { AccessGate, trustStoreFromFile } = library;
  writeFileSync(file, JSON.stringify(library.newestSchemaVersion === 2 ? toEarlierKeys(document) : document));
  const trustStore = trustStoreFromFile(file, { refreshIntervalSeconds: 3600 });
  await trustStore.start();
  return new AccessGate({ trustStore });
}

/**
 * The document for an earlier checkout, which `against.mjs` may load. It has other keys, and schema version 2 if the
 * document has authorities.
 */
function toEarlierKeys(document) {
  const identities = document.identities.map(({ pins, names, ...rest }) => ({
    ...rest,
    ...(pins === undefined ? {} : { certificates: pins }),
    ...(names === undefined ? {} : { subjects: names }),
  }));
  return { ...document, schemaVersion: document.authorities === undefined ? 1 : 2, identities };
}

function describePinned({ leaf }) {
  const thumbprintSha256 = createHash('sha256').update(leaf).digest('hex');
  const identity = { name: 'billing', roles: ['orders.read'], pins: [{ thumbprintSha256 }] };
  return { schemaVersion: 1, revision: 1, identities: [identity] };
}

function describeIssued({ root, intermediate, crls }, folder) {
  const files = crls.map((crl, index) => {
    const file = join(folder, `${index}.crl`);
    writeFileSync(file, crl);
    return `file:${file}`;
  });
  const authority = {
    name: 'corp',
    trustAnchors: [encodePem(root)],
    intermediates: [encodePem(intermediate)],
    revocation: { crls: files },
  };
  const names = [{ issuedBy: 'corp', commonName: 'client' }];
  return {
    schemaVersion: 1,
    revision: 1,
    authorities: [authority],
    identities: [{ name: 'billing', roles: ['orders.read'], names }],
  };
}

function encodePem(der) {
  const lines = der.toString('base64').replace(/.{64}(?!$)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----`;
}

function runRound(gate, header, now) {
  const started = process.hrtime.bigint();
  for (let index = 0; index < decisionsPerRound; index += 1) {
    const decision = gate.decide(header, requirement, now);
    if (decision.code !== 'allowed') throw new Error(`${decision.code}: ${decision.detail}`);
  }
  return Number(process.hrtime.bigint() - started) / decisionsPerRound;
}

function median(values) {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}
