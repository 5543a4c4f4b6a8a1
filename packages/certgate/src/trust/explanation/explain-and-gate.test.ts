import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  AccessGate,
  presentCertificate,
  trustStoreFromFile,
  type Decision,
  type RefreshOptions,
} from '@certgate/core/internal';
import fc from 'fast-check';
import { explainCall } from '../../commands/trust/trust-explain-command.js';

// `explain` must say what a gate answers that reads the same file with the same options. The store and the gate are
// real.

const hour = 3_600_000;
// One minute ahead, because the certificates are made after this line, and are not valid before that.
const now = Date.now() + 60_000;
const at = (hours: number): string => new Date(now + hours * hour).toISOString();

const folder = mkdtempSync(join(tmpdir(), 'certgate-explain-gate-'));
const keys = Object.fromEntries(['own', 'other'].map((name) => [name, generateKeyPairSync('ed25519')]));
const pemOf = (name: string): string => keys[name]?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? '';

let hashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

before(() => {
  for (const name of ['caller', 'stranger']) {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', `/CN=${name}`],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-days', '30', '-outform', 'DER'],
        ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.der`)],
      ],
      { stdio: 'pipe' },
    );
    const { thumbprintSha256, thumbprintSha1, publicKeySha256 = '' } = presentCertificate(derOf(name));
    hashes = { ...hashes, [name]: { thumbprintSha256, thumbprintSha1, publicKeySha256 } };
    writeFileSync(join(folder, `${name}.public.pem`), pemOf(name === 'caller' ? 'own' : 'other'));
  }
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function derOf(name: string): Buffer {
  return readFileSync(join(folder, `${name}.der`));
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const window = fc.record({
  notBefore: maybe(fc.integer({ min: -3, max: 1 })),
  notAfter: maybe(fc.integer({ min: 0, max: 3 })),
});
const identity = fc.record({
  enabled: fc.constantFrom(true, true, true, false),
  expires: fc.constantFrom(undefined, undefined, -1, 1),
  roles: fc.constantFrom(['reader'], ['reader'], []),
  functions: fc.constantFrom(undefined, undefined, ['getorder'], ['other']),
  kinds: fc.subarray(['thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'], { minLength: 1 }),
  window: fc.oneof({ weight: 3, arbitrary: fc.constant({ notBefore: undefined, notAfter: undefined }) }, window),
  pinEnabled: fc.constantFrom(true, true, true, false),
});

const scenes = fc.record({
  identity,
  isDenied: fc.constantFrom(false, false, false, true),
  isAmbiguous: fc.constantFrom(false, false, false, true),
  audience: fc.constantFrom(undefined, undefined, ['orders'], ['billing', 'orders'], ['billing']),
  revision: fc.integer({ min: 1, max: 5 }),
  signature: fc.constantFrom('good', 'good', 'good', 'absent', 'other key', 'other bytes', 'malformed', 'empty'),
  caller: fc.constantFrom('caller', 'caller', 'caller', 'stranger', undefined),
  needsRole: fc.boolean(),
  gate: fc.record({
    signedBy: fc.constantFrom(undefined, ['own'], ['own'], ['other', 'own'], ['other']),
    audience: fc.constantFrom(undefined, 'orders', 'ORDERS', 'billing'),
    minimumRevision: fc.constantFrom(undefined, undefined, 0, 3, 5),
  }),
});
type Scene = typeof scenes extends fc.Arbitrary<infer T> ? T : never;

function writeDocument({ identity: it, audience, revision, isDenied, isAmbiguous }: Scene): string {
  const own = hashes['caller'] ?? {};
  const { enabled, expires, roles, functions } = it;
  const certificates = it.kinds.map((kind) => ({
    [kind]: own[kind],
    enabled: it.pinEnabled,
    ...(it.window.notBefore === undefined ? {} : { notBefore: at(it.window.notBefore) }),
    // The end must be after the beginning, and the pin of a key needs an end.
    notAfter: at(Math.max(it.window.notAfter ?? 24, (it.window.notBefore ?? -4) + 1)),
  }));
  // Another identity pins the same certificate, by a kind of hash that the first one doesn't use.
  const free = ['thumbprintSha256', 'thumbprintSha1'].find((kind) => !it.kinds.includes(kind));
  const second = isAmbiguous && free !== undefined ? [{ name: 'b', roles: [], pins: [{ [free]: own[free] }] }] : [];
  const first = { name: 'a', enabled, roles, pins: certificates, ...(functions && { functions }) };
  return JSON.stringify({
    schemaVersion: 1,
    revision,
    ...(audience && { audience }),
    ...(isDenied ? { denied: [{ thumbprintSha256: own['thumbprintSha256'] }] } : {}),
    identities: [{ ...first, ...(expires === undefined ? {} : { expiresAt: at(expires) }) }, ...second],
  });
}

function signText(text: string, signature: Scene['signature']): string | undefined {
  const { own, other } = keys;
  assert.ok(own !== undefined && other !== undefined);
  const by = (key: typeof own, bytes = text): string =>
    sign(null, Buffer.from(bytes), key.privateKey).toString('base64');
  return {
    good: by(own),
    absent: undefined,
    'other key': by(other),
    'other bytes': by(own, `${text} `),
    malformed: 'not base64',
    empty: '',
  }[signature];
}

let count = 0;

/** Writes the file of a scene's document, and that of its signature if it has one. */
function writeScene(scene: Scene): string {
  const path = join(folder, `${(count += 1)}.json`);
  const text = writeDocument(scene);
  writeFileSync(path, text);
  const signature = signText(text, scene.signature);
  if (signature !== undefined) writeFileSync(`${path}.sig`, signature);
  return path;
}

async function askGate({ gate, caller, needsRole }: Scene, path: string): Promise<Decision> {
  const { signedBy, audience, minimumRevision } = gate;
  const options: RefreshOptions = {
    ...(signedBy && { signedBy: signedBy.map(pemOf) }),
    ...(audience === undefined ? {} : { audience }),
    ...(minimumRevision === undefined ? {} : { minimumRevision }),
  };
  const trustStore = trustStoreFromFile(path, options);
  // An app does not start with a document that is not for it. If its gate is asked anyway, it denies.
  await trustStore.start?.().catch(() => undefined);
  const header = caller === undefined ? undefined : derOf(caller).toString('base64');
  const requirement = { functionName: 'GetOrder', roles: needsRole ? [['reader']] : [] };
  return new AccessGate({ trustStore }).decide(header, requirement, now);
}

async function askTool(
  { gate, caller, needsRole }: Scene,
  path: string,
): Promise<Awaited<ReturnType<typeof explainCall>>['report']> {
  const { signedBy, audience, minimumRevision } = gate;
  // One key is given by its file, the other by its text.
  const keyWords = signedBy?.map((name) => (name === 'own' ? join(folder, 'caller.public.pem') : pemOf(name)));
  const { report } = await explainCall({
    store: `file:${path}`,
    certificate: caller === undefined ? false : join(folder, `${caller}.der`),
    function: 'GetOrder',
    at: now,
    ...(needsRole ? { requiresRole: ['reader'] } : {}),
    ...(keyWords && { signedBy: keyWords }),
    audience,
    minimumRevision,
  });
  return report;
}

/**
 * An allowed call. Each of the other scenes differs from it in one thing, so that the property doesn't depend on
 * chance.
 */
const plain: Scene = {
  identity: {
    enabled: true,
    expires: undefined,
    roles: ['reader'],
    functions: undefined,
    kinds: ['thumbprintSha256'],
    window: { notBefore: undefined, notAfter: undefined },
    pinEnabled: true,
  },
  isDenied: false,
  isAmbiguous: false,
  audience: ['orders'],
  revision: 4,
  signature: 'good',
  caller: 'caller',
  needsRole: true,
  gate: { signedBy: ['own'], audience: 'orders', minimumRevision: 3 },
};
const ofIdentity = (change: Partial<Scene['identity']>): Scene => ({
  ...plain,
  identity: { ...plain.identity, ...change },
});
const ofGate = (change: Partial<Scene['gate']>): Scene => ({ ...plain, gate: { ...plain.gate, ...change } });
const known: Readonly<Record<string, Scene>> = {
  allowed: plain,
  certificate_missing: { ...plain, caller: undefined },
  certificate_not_trusted: { ...plain, caller: 'stranger' },
  certificate_on_deny_list: { ...plain, isDenied: true },
  identity_ambiguous: { ...plain, isAmbiguous: true },
  identity_disabled: ofIdentity({ enabled: false }),
  identity_expired: ofIdentity({ expires: -1 }),
  pin_disabled: ofIdentity({ pinEnabled: false }),
  pin_expired: ofIdentity({ window: { notBefore: -3, notAfter: 0 } }),
  pin_not_yet_valid: ofIdentity({ window: { notBefore: 1, notAfter: 3 } }),
  role_missing: ofIdentity({ roles: [] }),
  function_not_allowed: ofIdentity({ functions: ['other'] }),
  'trust_unavailable by revision': ofGate({ minimumRevision: 5 }),
  'trust_unavailable by key': ofGate({ signedBy: ['other'] }),
  'trust_unavailable by audience': ofGate({ audience: 'billing' }),
  'trust_unavailable without signature': { ...plain, signature: 'absent' },
};

test('explain says what a live gate answers, and never "allowed" if it has not compared everything', async () => {
  const check = async (scene: Scene): Promise<string> => {
    const path = writeScene(scene);
    const [decision, report] = await Promise.all([askGate(scene, path), askTool(scene, path)]);
    const isCompared =
      (scene.signature === 'absent' || scene.gate.signedBy !== undefined) &&
      (scene.audience === undefined || scene.gate.audience !== undefined);
    const where = JSON.stringify({ scene, decision: decision.code, report: [report.outcome, report.code] });
    // Without the app, explain does not know what the app has in addition to its document.
    assert.notEqual(report.outcome, 'allowed', where);
    const ofDocument = report.unverified.filter((each) => each === 'signature' || each === 'audience');
    if (isCompared) {
      assert.deepEqual(
        [report.outcome === 'denied', report.code],
        [decision.outcome === 'denied', decision.code],
        where,
      );
      assert.deepEqual(ofDocument, [], where);
      return decision.code;
    }
    assert.ok(ofDocument.length > 0, where);
    // What only the gate has compared can only be one more reason to refuse.
    if (report.outcome === 'denied') assert.ok([report.code, 'trust_unavailable'].includes(decision.code), where);
    return report.outcome;
  };
  await Promise.all(
    Object.entries(known).map(async ([name, scene]) => {
      assert.equal(await check(scene), name.split(' ')[0]);
    }),
  );
  assert.equal(await check(ofGate({ signedBy: undefined })), 'unverified');
  assert.equal(await check(ofGate({ audience: undefined })), 'unverified');
  await fc.assert(
    // Many scenes at once: if a signature does not fit, a store waits a moment before it reads the signature again.
    fc.asyncProperty(fc.array(scenes, { minLength: 60, maxLength: 60 }), async (batch) => {
      await Promise.all(batch.map(check));
    }),
    { numRuns: 4 },
  );
});
