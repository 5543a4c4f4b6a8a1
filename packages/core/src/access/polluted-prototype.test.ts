// In a process of its own: names that come and go on Object.prototype slow down all that runs after them.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { decideAccess } from './access-decision.js';
import type { Decision, FunctionRequirement } from './decision.js';
import { AccessGate } from './access-gate.js';
import { hashHex } from '@certgate/x509/internal';
import { delta, judge, make, names } from '@certgate/x509/test-support/crl-questions.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { type IdentityInput, documentOf } from '../test-support/documents.js';
import { listPathDenials } from '../test-support/path-denials.js';
import {
  type Pollution,
  listHostileValues,
  listMemberNames,
  namesOfPresence,
  pollute,
  watchAbsentMembers,
} from '../test-support/prototype-pollution.js';
import { readRefreshOptions } from '../trust-store/refresh-options.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const caller = makeCertificate();
const other = makeCertificate({ key: 'p-384' });
const authority = makeCertificate({ extensions: ['basicConstraints=critical,CA:TRUE'] });
const server = makeCertificate({ extensions: ['extendedKeyUsage=serverAuth'] });
const withUnknownExtension = makeCertificate({ extensions: ['1.2.3.4=critical,DER:0500'] });
const withPathExtension = makeCertificate({
  extensions: ['basicConstraints=critical,CA:FALSE', 'policyConstraints=critical,inhibitPolicyMapping:0'],
});

const pinned = (made: typeof caller, more: Partial<IdentityInput> & object = {}): object =>
  documentOf([
    { name: 'billing', roles: ['reader'], pins: [{ thumbprintSha256: hashHex('sha256', made.der) }], ...more },
  ]);

const open: FunctionRequirement = { functionName: 'Refund', roles: [] };
const closed: FunctionRequirement = { functionName: 'Refund', roles: [['operator']] };

type Run = () => Decision | Promise<Decision>;

const byDocument =
  (document: object, requirement: FunctionRequirement, header: string = caller.header): Run =>
  () =>
    decideAccess({ header, trust: parseTrustDocument(document), requirement, now });

const byStore =
  (answer: unknown, requirement: FunctionRequirement = open): Run =>
  () => {
    const store: TrustStore = { find: () => answer as TrustFinding };
    return new AccessGate({ trustStore: store }).decide(caller.header, requirement, now);
  };

const known = { name: 'billing', roles: ['reader'] };
const withoutRoles = { functionName: 'Refund' } as unknown as FunctionRequirement;

/** Calls that are refused, each by another step or because something else is missing. */
const refused: Readonly<Record<string, Run>> = {
  'a role is missing': byDocument(pinned(caller), closed),
  'the function is not allowed': byDocument(pinned(caller, { functions: [] }), open),
  'the requirement has no roles': byDocument(pinned(caller), withoutRoles),
  'the certificate is pinned nowhere': byDocument(pinned(other), open),
  'the identity is disabled': byDocument(pinned(caller, { enabled: false }), open),
  'the identity ended': byDocument(pinned(caller, { expiresAt: '2026-12-31T00:00:00Z' }), open),
  'a pinned CA': byDocument(pinned(authority), open, authority.header),
  'a pinned certificate without clientAuth': byDocument(pinned(server), open, server.header),
  'a critical extension': byDocument(pinned(withUnknownExtension), open, withUnknownExtension.header),
  'an extension of paths': byDocument(pinned(withPathExtension), open, withPathExtension.header),
  'the document is for another app': byDocument({ ...pinned(caller), audience: ['other'] }, open),
  'an empty answer': byStore({}),
  'an answer without an identity': byStore({ outcome: 'found' }),
  'an answer without an outcome': byStore({ identity: known }),
  'an identity without roles': byStore({ outcome: 'found', identity: { name: 'billing' } }),
  'an identity without a name': byStore({ outcome: 'found', identity: { roles: [] } }),
  'a found identity that lacks the role': byStore({ outcome: 'found', identity: known }, closed),
  'not found': byStore({ outcome: 'notFound' }),
  'an answer that comes later': byStore(Promise.resolve({ outcome: 'found' })),
  'a store without a version that changed its mind': async () => {
    let answer: TrustFinding = { outcome: 'found', identity: known, matchedBy: 'table' };
    const gate = new AccessGate({ trustStore: { find: () => answer } });
    await gate.decide(caller.header, open, now);
    answer = { outcome: 'denied', code: 'identity_disabled', detail: 'since a moment ago' };
    return gate.decide(caller.header, open, now);
  },
};

const admitted: Run = byDocument(pinned(caller), open);

const ofPaths: Readonly<Record<string, Run>> = Object.fromEntries(
  listPathDenials().map(({ code, header, trust, revocation }) => [
    code,
    () => decideAccess({ header, trust, requirement: open, now, ...(revocation === undefined ? {} : { revocation }) }),
  ]),
);

const x509 = join(dirname(createRequire(import.meta.url).resolve('@certgate/x509/package.json')), 'dist/esm');
const memberNames = [x509, fileURLToPath(new URL('..', import.meta.url))].flatMap(listMemberNames);

async function isAllowed(run: Run, pollution: Pollution): Promise<boolean> {
  const restore = pollute(pollution);
  try {
    return (await run()).outcome === 'allowed';
  } catch {
    return false;
  } finally {
    restore();
  }
}

/**
 * The names that each run looked for and did not find. All runs are watched together when the first result is asked
 * for.
 */
let allSought: Promise<ReadonlyMap<Run, readonly string[]>> | undefined;

async function listNamesSought(run: Run): Promise<readonly string[]> {
  allSought ??= watchRuns([...Object.values(refused), ...Object.values(ofPaths), admitted]);
  const sought = (await allSought).get(run);
  assert.ok(sought !== undefined);
  return sought;
}

async function watchRuns(runs: readonly Run[]): Promise<ReadonlyMap<Run, readonly string[]>> {
  const sought = new Map<Run, readonly string[]>();
  const watch = watchAbsentMembers(memberNames);
  try {
    for (const run of runs) {
      watch.take();
      // If the run throws, the names that it read before are still used.
      await Promise.resolve()
        .then(run)
        .catch(() => undefined);
      sought.set(run, [...new Set([...watch.take(), ...namesOfPresence])]);
    }
  } finally {
    watch.stop();
  }
  return sought;
}

describe('no value on Object.prototype admits a caller', () => {
  it('the names to pollute are found in the sources', () => {
    for (const name of ['reportOnlyUntil', 'isPathValidated', 'findTimeoutMilliseconds', 'onOcspWanted', 'useDeltas'])
      assert.ok(memberNames.includes(name), name);
  });

  it('a polluted prototype is not read for the absent members of a context', async () => {
    const restore = pollute({ listDenying: true, onOcspWanted: true, onCheck: true });
    try {
      for (const [code, run] of Object.entries(ofPaths)) assert.equal((await run()).code, code);
    } finally {
      restore();
    }
  });

  for (const [what, run] of Object.entries({ ...refused, ...ofPaths })) {
    it(`a refused call stays refused: ${what}`, async () => {
      assert.equal(await isAllowed(run, {}), false);
      const sought = await listNamesSought(run);
      for (const name of sought) {
        for (const value of listHostileValues(name))
          assert.equal(await isAllowed(run, { [name]: value }), false, `${name}: ${JSON.stringify(value)}`);
      }
    });
  }

  it('refused calls stay refused with several polluted names at once', async () => {
    const runs = Object.entries(refused);
    const sought = [...new Set((await Promise.all(runs.map(([, run]) => listNamesSought(run)))).flat())];
    const name = fc.constantFrom(...sought);
    const member = name.chain((each) => fc.tuple(fc.constant(each), fc.constantFrom(...listHostileValues(each))));
    const pollutions = fc.array(member, { minLength: 2, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pollutions, fc.constantFrom(...runs), async (members, [, run]) => {
        assert.equal(await isAllowed(run, Object.fromEntries(members)), false);
      }),
      { numRuns: countRuns(100) },
    );
  });

  it('an allowed caller keeps the name and the roles of the document', async () => {
    for (const name of await listNamesSought(admitted)) {
      for (const value of listHostileValues(name)) {
        const restore = pollute({ [name]: value });
        try {
          const decision = await admitted();
          if (decision.outcome === 'allowed')
            assert.deepEqual([decision.identity.name, [...decision.identity.roles]], ['billing', ['reader']]);
        } catch (error) {
          assert.ok(!(error instanceof assert.AssertionError), name);
        } finally {
          restore();
        }
      }
    }
  });

  it('a delta CRL is still used', () => {
    const crls = [make({ number: '05' }), make({ number: '06', ...delta('05'), ...names('superseded') })];
    const restore = pollute({ useDeltas: false });
    try {
      assert.equal(judge(crls), 'revoked: superseded');
    } finally {
      restore();
    }
  });

  it('options keep their defaults', () => {
    const { configuration } = readRefreshOptions({});
    const options = ['refreshIntervalSeconds', 'maximumStalenessSeconds', 'readTimeoutSeconds', 'minimumRevision'];
    const restore = pollute(Object.fromEntries(options.map((name) => [name, 999_999])));
    try {
      assert.deepEqual(readRefreshOptions({}).configuration, configuration);
    } finally {
      restore();
    }
  });
});
