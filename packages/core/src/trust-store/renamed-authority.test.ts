import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { issue, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { until } from '@certgate/x509/test-support/until.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { askInFull } from '../test-support/answer-in-full.js';
import { authorityOf, getStage, issueCaller, issuedDocument } from '../test-support/authority-stage.js';
import type { IdentityInput } from '../test-support/documents.js';
import { nameFinding, StubBlob } from '../test-support/revocation-stage.js';
import { ManualClock, ScriptedSource, settle } from '../test-support/scripted-source.js';
import { firstOf } from './first-of.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import type { TrustStore } from './trust-store.js';

// `crlBlobs` names an authority, and the document has it under another name.

const { root, issuing } = getStage();
const partner = issue({ name: 'Partner CA' });
const revokedSerial = '1234';
const callers = Object.fromEntries(
  (
    [
      ['revoked', { serialNumber: revokedSerial }],
      ['good', { serialNumber: '5678' }],
      ['partner', { issuer: partner }],
      ['pinned', {}],
    ] as const
  ).map(([name, request]) => [name, issueCaller({ name, names: [`DNS:${name}.example`], ...request })]),
);
type Caller = 'revoked' | 'good' | 'partner' | 'pinned';

const ofCorp = makeCrl({ authority: issuing, revoked: [{ serialNumber: revokedSerial }] });
const ofRoot = makeCrl({ authority: root });
const ofPartner = makeCrl({ authority: partner });
const gone = new Error('the storage is gone');

/** The mode and the sources are not stated, unless `more` states them. */
const corp = (name: string, more: object = {}): object => authorityOf({ name, ...more });
const other = (more: object = {}): object =>
  authorityOf({ name: 'partner', anchors: [partner], intermediates: [], ...more });

interface DocumentInput {
  readonly authorities: readonly object[];
  readonly enabled?: boolean;
}

function write(revision: number, { authorities, enabled = true }: DocumentInput): string {
  const names = authorities.map((authority) => (authority as { name: string }).name);
  const identities = Object.entries(callers).flatMap(([name, { der }]): readonly IdentityInput[] => {
    if (name === 'pinned') return [{ name, pins: [{ thumbprintSha256: presentCertificate(der).thumbprintSha256 }] }];
    const issuedBy = names.find((each) => (each === 'partner') === (name === 'partner'));
    if (issuedBy === undefined) return [];
    return [{ name, enabled: name !== 'good' || enabled, names: [{ issuedBy, dns: `${name}.example` }] }];
  });
  return JSON.stringify(issuedDocument(identities, { authorities, revision }));
}

interface Stage {
  readonly store: RefreshingTrustStore;
  readonly fault: () => string;
  readonly ask: (caller: Caller) => Promise<string>;
  /** Half a minute later, the source gives this document. */
  readonly replace: (revision: number, document: DocumentInput) => Promise<void>;
}

async function askStore(store: TrustStore, caller: Caller, at: number): Promise<string> {
  return nameFinding(await askInFull(store, presentCertificate(callers[caller]?.der ?? Buffer.of()), at));
}

async function createStage(
  crlBlobs: Readonly<Record<string, readonly StubBlob[]>>,
  first: DocumentInput,
): Promise<Stage> {
  const document = new ScriptedSource();
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const store = new RefreshingTrustStore(document, { crlBlobs }, { wall, monotonic, random: () => 0 });
  const started = store.start();
  await document.answer(write(1, first));
  await started;
  return {
    store,
    fault: () => store.report().revocationFault ?? '',
    ask: (caller) => askStore(store, caller, clock.wall()),
    replace: async (revision, next) => {
      clock.pass(30_001);
      assert.notEqual(store.version, undefined);
      await settle();
      await document.answer(write(revision, next));
      await until(() => store.report().revision === revision);
      await settle();
    },
  };
}

/** The authorities that the report warns about because nothing shows who is revoked. */
const listBare = (store: RefreshingTrustStore): readonly string[] =>
  store.report().warnings.flatMap(({ code, path }) => (code === 'authority_without_revocation' ? path : []));

const blobsOf = (...contents: readonly (Buffer | Error)[]): readonly StubBlob[] =>
  contents.map((content, index) => new StubBlob(content, `list-${index}.crl`));

describe('a document that renames the authority that crlBlobs names', () => {
  test('is in effect with the next read, even if it disables a caller as well', async () => {
    const { store, ask, replace, fault } = await createStage(
      { corp: blobsOf(ofCorp, ofRoot) },
      { authorities: [corp('corp'), other()] },
    );
    const askAll = async (): Promise<readonly string[]> =>
      Promise.all((['revoked', 'good', 'partner', 'pinned'] as const).map(ask));
    assert.deepEqual(await askAll(), ['certificate_revoked', 'found', 'found', 'found']);
    assert.equal(fault(), '');
    assert.deepEqual(listBare(store), ['authorities[1]']);
    await replace(2, { authorities: [corp('corporate'), other()], enabled: false });
    assert.deepEqual(listBare(store), ['authorities[1]']);
    assert.deepEqual(await askAll(), ['certificate_revoked', 'identity_disabled', 'found', 'found']);
    assert.equal(
      fault(),
      'crlBlobs names the authority "corp", which the document doesn\'t have: its lists apply to "corporate". Write the document\'s name there. Callers by "corporate" whom no current revocation information covers are refused with 503 revocation_unavailable',
    );
    assert.deepEqual([store.report().fault, store.report().failure], [undefined, undefined]);
    const { revocationLists = [] } = store.report();
    assert.deepEqual([...new Set(revocationLists.map(({ authority }) => authority))], ['corporate']);
    await replace(3, { authorities: [corp('CORP'), other()] });
    assert.deepEqual(await askAll(), ['certificate_revoked', 'found', 'found', 'found']);
    assert.equal(fault(), '');
  });

  test('keeps using lists that were read under the old name, even if their source is gone', async () => {
    const blobs = blobsOf(ofCorp, ofRoot);
    const { ask, replace, fault } = await createStage({ corp: blobs }, { authorities: [corp('corp'), other()] });
    for (const blob of blobs) blob.content = gone;
    await replace(2, { authorities: [corp('corporate'), other()] });
    assert.deepEqual(
      [await ask('revoked'), await ask('good'), await ask('partner')],
      ['certificate_revoked', 'found', 'found'],
    );
    assert.match(fault(), /apply to "corporate".*list-0\.crl.*the storage is gone/s);
    // Also if the document sets the mode to `off`: a list that the authority's CA signed is a source.
    await replace(3, { authorities: [corp('corporate', { revocation: { mode: 'off' } })] });
    assert.equal(await ask('revoked'), 'certificate_revoked');
  });

  test('has its lists read for the new name by an instance that starts with it', async () => {
    const { ask, store } = await createStage(
      { corp: blobsOf(ofCorp, ofRoot) },
      { authorities: [corp('corporate', { revocation: { mode: 'off' } }), other()] },
    );
    assert.deepEqual(
      [await ask('revoked'), await ask('good'), await ask('partner')],
      ['certificate_revoked', 'found', 'found'],
    );
    assert.deepEqual(listBare(store), ['authorities[1]']);
  });
});

describe('while no list shows which authority crlBlobs means', () => {
  test('each authority without a stated mode requires revocation information, and the report names these authorities', async () => {
    const blobs = blobsOf(gone, gone);
    const { ask, fault, replace } = await createStage({ corp: blobs }, { authorities: [corp('corporate'), other()] });
    assert.deepEqual(
      [await ask('revoked'), await ask('good'), await ask('partner'), await ask('pinned')],
      ['revocation_unavailable', 'revocation_unavailable', 'revocation_unavailable', 'found'],
    );
    assert.match(
      fault(),
      /"corp", which the document doesn't have: no list .* is known .*Callers by "corporate", "partner" .* are refused/,
    );
    // A mode that the document states stays, with or without a list of an unknown CA.
    const [first, second] = blobs;
    assert.ok(first !== undefined && second !== undefined);
    first.content = makeCrl({ authority: issue({ name: 'Nobody' }) });
    await replace(2, { authorities: [corp('corporate'), other({ revocation: { mode: 'off' } })] });
    assert.deepEqual([await ask('good'), await ask('partner')], ['revocation_unavailable', 'found']);
    [first.content, second.content] = [ofCorp, ofRoot];
    await replace(3, { authorities: [corp('corporate'), other()] });
    await until(async () => (await ask('good')) === 'found');
    assert.deepEqual([await ask('revoked'), await ask('partner')], ['certificate_revoked', 'found']);
  });

  test('lists of a CA that the document has replaced do not show it', async () => {
    const { ask, replace } = await createStage(
      { corp: blobsOf(ofCorp, ofRoot) },
      { authorities: [corp('corp'), other()] },
    );
    await replace(2, { authorities: [other()] });
    assert.equal(await ask('partner'), 'revocation_unavailable');
    await replace(3, { authorities: [other({ revocation: { mode: 'when-available' } })] });
    assert.equal(await ask('partner'), 'found');
  });

  test('one unknown name among several is enough', async () => {
    const lab = blobsOf(gone);
    const { ask, replace, fault } = await createStage(
      { corp: blobsOf(ofCorp, ofRoot), lab },
      { authorities: [corp('corporate'), other()] },
    );
    assert.deepEqual([await ask('good'), await ask('partner')], ['found', 'revocation_unavailable']);
    assert.match(fault(), /"corp".* apply to "corporate".*"lab".* no list .* is known/s);
    for (const blob of lab) blob.content = ofPartner;
    await replace(2, { authorities: [corp('corporate'), other()] });
    await until(async () => (await ask('partner')) === 'found');
  });

  test('a list of an authority that crlBlobs names does not show it for another name', async () => {
    const inCode = { corp: blobsOf(ofPartner), partner: blobsOf(ofPartner) };
    const { ask, fault } = await createStage(inCode, { authorities: [corp('corporate'), other()] });
    assert.deepEqual([await ask('good'), await ask('partner')], ['revocation_unavailable', 'found']);
    assert.match(fault(), /"corp".* no list .* is known.*Callers by "corporate" /s);
  });

  test('an authority that crlBlobs names, and a document without authorities, are not affected', async () => {
    const named = await createStage(
      { corp: blobsOf(ofCorp, ofRoot), partner: blobsOf(ofPartner) },
      { authorities: [other()] },
    );
    assert.deepEqual([await named.ask('partner'), await named.ask('pinned')], ['found', 'found']);
    assert.match(named.fault(), /"corp".*Nobody is refused because of that$/);
    const pins = await createStage({ corp: blobsOf(ofCorp) }, { authorities: [] });
    assert.equal(await pins.ask('pinned'), 'found');
    assert.match(pins.fault(), /"corp".*Nobody is refused because of that$/);
  });
});

test('a store in firstOf uses only the lists of its own code and document', async () => {
  const renamed = await createStage({ corp: blobsOf(gone) }, { authorities: [corp('corporate')] });
  const plain = await createStage({ partner: blobsOf(ofPartner) }, { authorities: [other()] });
  for (const stores of [
    [renamed.store, plain.store],
    [plain.store, renamed.store],
  ]) {
    const both = firstOf(...stores);
    const ask = (caller: Caller): Promise<string> => askStore(both, caller, now);
    assert.deepEqual(
      [await ask('good'), await ask('partner'), await ask('pinned')],
      ['revocation_unavailable', 'found', 'found'],
    );
    const { fault, revocationFault } = both.report?.() ?? {};
    assert.equal(fault, undefined);
    assert.match(revocationFault ?? '', /^script: crlBlobs names the authority "corp"/);
  }
});
