import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import { type Made, askOpenssl, checkedAt } from './test-support/issued-material.js';
import { type IssuedScene, makeIssuedScene } from './test-support/issued-scene.js';
import { createVerificationRun, readReport } from './test-support/run-verify.js';
import type { VerificationReport } from './verify/verification-report.js';

const folder = createTemporaryFolder();

let scene: IssuedScene;

before(() => {
  scene = makeIssuedScene(folder);
});

after(() => {
  folder.remove();
});

const run = createVerificationRun(folder.path);
const verify = (leaf: Made, ...more: readonly string[]): Promise<VerificationReport> =>
  readReport(run(leaf, '--json', ...more));
const authority = (): readonly string[] => [
  '--authority',
  scene.files.anchors,
  '--intermediate',
  scene.files.untrusted,
];
const withLists = (): readonly string[] => scene.lists.flatMap((list) => ['--crl', list]);

describe('certgate certificate verify', () => {
  test('says of each certificate what it should, and what openssl says, or it is known why not', async () => {
    for (const [name, { leaf, code, at = checkedAt, options = [], opensslDiffers }] of Object.entries(scene.cases)) {
      const report = await verify(leaf, ...authority(), ...withLists(), '--at', at, ...options);
      assert.equal(report.code, code ?? null, `${name}: ${report.detail ?? ''}`);
      const asked = options.includes('off') ? {} : { lists: scene.files.lists };
      const { anchors, uncrossed: untrusted } = scene.files;
      const { isValid, text } = askOpenssl({ leaf, anchors, untrusted, at, ...asked });
      assert.equal(isValid === (report.outcome === 'valid'), opensslDiffers === undefined, `${name}: ${text}`);
    }
  });

  test('rfc5280 takes what only today’s practice refuses', async () => {
    const leaf = scene.cases['SHA-1'].leaf;
    const report = await verify(leaf, ...authority(), ...withLists(), '--profile', 'rfc5280');
    assert.deepEqual([report.outcome, report.profile, report.purposes], ['valid', 'rfc5280', []]);
    const bare = scene.cases['without an authority key identifier'].leaf;
    assert.equal((await verify(bare, ...authority(), '--profile', 'rfc5280')).outcome, 'valid');
    const server = scene.cases['wrong usage'].leaf;
    assert.equal((await verify(server, ...authority(), '--profile', 'rfc5280')).outcome, 'valid');
    assert.equal(
      (await verify(server, ...authority(), '--profile', 'rfc5280', '--purpose', 'clientAuth')).code,
      'path_extended_key_usage_unsuitable',
    );
  });

  test('traces every check of every path, and what was passed over', async () => {
    const { paths, path, validUntil, revocationCurrentUntil } = await verify(
      scene.cases['good'].leaf,
      ...authority(),
      ...withLists(),
    );
    assert.deepEqual(path, ['CN=root', 'CN=issuing', 'CN=good']);
    assert.deepEqual([validUntil, revocationCurrentUntil], ['2036-01-01T00:00:00Z', '2027-02-01T00:00:00Z']);
    // By the cross-certificate first, since it stands first: nobody has its root.
    const [overlooked, held] = paths;
    assert.ok(paths.length === 2 && overlooked !== undefined && held !== undefined);
    assert.equal(overlooked.reachesTrustAnchor, false);
    assert.deepEqual(
      overlooked.checks.map(({ check, verdict, code }) => [check, verdict, code]),
      [['search', 'failed', 'path_not_found']],
    );
    assert.match(overlooked.checks[0]?.detail ?? '', /name of the issuer of the CA certificate "CN=issuing"/);
    assert.deepEqual(
      held.certificates.map(({ subject, role }) => `${role} ${subject}`),
      ['trust-anchor CN=root', 'intermediate CN=issuing', 'end-entity CN=good'],
    );
    const own = ['validity', 'certificate', 'purpose'];
    const below = [...own, 'issuer', 'path-length', 'signature', 'names', 'revocation'];
    for (const [index, expected] of [own, below, below].entries()) {
      const ofOne: readonly { readonly check: string }[] = held.checks.filter(
        ({ certificate }) => certificate === index,
      );
      assert.deepEqual(
        ofOne.map(({ check }) => check),
        expected,
      );
    }
    assert.ok(held.checks.every(({ verdict }) => verdict === 'passed'));
    const [evidence] = held.checks.filter(({ check }) => check === 'revocation').at(-1)?.revocation ?? [];
    assert.deepEqual(evidence, {
      source: 'crl',
      file: scene.lists[1],
      crlNumber: '7',
      thisUpdate: '2027-01-01T00:00:00Z',
      nextUpdate: '2027-02-01T00:00:00Z',
      status: 'good',
      detail: null,
    });
  });

  test('shows it to people', async () => {
    const revoked = await run(scene.cases['revoked'].leaf, ...authority(), ...withLists());
    assert.equal(revoked.exitCode, 1);
    assert.match(revoked.stdout, /^Path 1, which reaches no trust anchor: … → CN=issuing → CN=revoked$/m);
    assert.match(revoked.stdout, /^Path 2: CN=root → CN=issuing → CN=revoked$/m);
    assert.match(revoked.stdout, /^ {4}✓ signature$/m);
    assert.match(revoked.stdout, /^ {4}✗ revocation {3}certificate_revoked: /m);
    assert.match(revoked.stdout, /list 7 in .*issuing\.crl\.pem, 2027-01-01T00:00:00Z to .*: revoked: keyCompromise/);
    assert.match(revoked.stdout, /^Not valid\.\ncode +certificate_revoked\nreason +The certificate "CN=revoked"/m);
    const good = await run(scene.cases['good'].leaf, ...authority());
    assert.equal(good.exitCode, 0);
    assert.match(good.stdout, /^Valid: CN=root → CN=issuing → CN=good$/m);
    assert.match(good.stdout, /^Revocation was not checked/m);
    assert.equal(good.stderr, '');
  });
});
