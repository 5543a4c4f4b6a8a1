import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { type Made, askOpenssl, checkedAt, makeBundle } from './test-support/issued-material.js';
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

describe('the options of certgate certificate verify', () => {
  test('revocation: what is missing refuses, unless it is said otherwise', async () => {
    const leaf = scene.cases['good'].leaf;
    const ofIssuing = ['--crl', scene.lists[1] ?? ''];
    assert.equal((await verify(leaf, ...authority(), ...ofIssuing)).code, 'revocation_unavailable');
    assert.equal((await verify(leaf, ...authority(), ...ofIssuing, '--scope', 'end-entity')).outcome, 'valid');
    const lenient = await verify(leaf, ...authority(), ...ofIssuing, '--revocation', 'when-available');
    assert.deepEqual([lenient.outcome, lenient.revocationCurrentUntil], ['valid', null]);
    assert.deepEqual(
      lenient.paths
        .at(-1)
        ?.checks.filter(({ check }) => check === 'revocation')
        .map(({ verdict }) => verdict),
      ['unknown', 'passed'],
    );
    const { leaf: revoked } = scene.cases['revoked'];
    assert.equal(
      (await verify(revoked, ...authority(), ...ofIssuing, '--revocation', 'when-available')).outcome,
      'invalid',
    );
    assert.equal((await verify(leaf, ...authority(), '--revocation', 'required')).code, 'revocation_unavailable');
  });

  test('takes an answer of OCSP in place of a list', async () => {
    const { leaf } = scene.cases['good'];
    const { leaf: revoked } = scene.cases['revoked'];
    const serial = (made: Made): string =>
      runOpenssl(['x509', '-in', made.certificate, '-noout', '-serial']).trim().split('=')[1] ?? '';
    const index = folder.file(
      'ocsp.txt',
      [
        `V\t350101000000Z\t\t${serial(leaf)}\tunknown\t/CN=good\n`,
        `R\t350101000000Z\t270105000000Z,superseded\t${serial(revoked)}\tunknown\t/CN=revoked\n`,
      ].join(''),
    );
    const answer = (made: Made): string => {
      const file = folder.file(`${made.name}.ocsp`);
      runOpenssl([
        'ocsp', '-index', index, '-CA', scene.issuing.certificate, '-rsigner', scene.issuing.certificate, '-rkey', scene.issuing.key,
        '-issuer', scene.issuing.certificate, '-cert', made.certificate, '-ndays', '7', '-noverify', '-respout', file,
      ]); // prettier-ignore
      return file;
    };
    const now = new Date(Date.now() + 1000).toISOString().replace(/\.\d+/, '');
    const asked = ['--scope', 'end-entity', '--at', now];
    const report = await verify(leaf, ...authority(), '--ocsp-response', answer(leaf), ...asked);
    assert.equal(report.outcome, 'valid', report.detail ?? '');
    const evidence = report.paths.at(-1)?.checks.find(({ check }) => check === 'revocation')?.revocation[0];
    assert.deepEqual([evidence?.source, evidence?.status, evidence?.file], ['ocsp', 'good', folder.file('good.ocsp')]);
    const taken = await verify(revoked, ...authority(), '--ocsp-response', answer(revoked), ...asked);
    assert.equal(taken.code, 'certificate_revoked');
    // Of another certificate: it says nothing of this one.
    const other = await verify(leaf, ...authority(), '--ocsp-response', answer(revoked), ...asked);
    assert.equal(other.code, 'revocation_unavailable');
  });

  test('purpose, policies and the number of intermediates are asked for', async () => {
    const { leaf: server } = scene.cases['wrong usage'];
    // The CA's own extended key usage limits its certificates too.
    assert.equal(
      (await verify(server, ...authority(), '--purpose', 'serverAuth')).code,
      'path_extended_key_usage_unsuitable',
    );
    assert.equal((await verify(server, ...authority(), '--purpose', 'any')).outcome, 'valid');
    const { leaf } = scene.cases['good'];
    assert.equal((await verify(leaf, ...authority(), '--policy', '1.3.6.1.4.1.99999.1')).outcome, 'valid');
    assert.equal(
      (await verify(leaf, ...authority(), '--policy', '1.3.6.1.4.1.99999.1', '--require-policy')).code,
      'path_policy_not_satisfied',
    );
    assert.equal((await verify(leaf, ...authority(), '--max-intermediates', '0')).code, 'path_length_exceeded');
    assert.equal((await verify(leaf, ...authority(), '--max-intermediates', '1')).outcome, 'valid');
  });

  test('a trust anchor vouches for others only, and what stands beside the certificate is not used', async () => {
    assert.equal((await verify(scene.issuing, '--authority', scene.issuing.certificate)).code, 'path_not_found');
    const { leaf } = scene.cases['good'];
    const chain = makeBundle(folder, 'chain.pem', [leaf.certificate, scene.issuing.certificate]);
    const { exitCode, stderr } = await run({ ...leaf, certificate: chain }, '--authority', scene.files.anchors);
    assert.equal(exitCode, 1);
    assert.match(stderr, /contains 1 more; they were not used/);
    assert.equal(
      (await verify({ ...leaf, certificate: chain }, '--authority', scene.issuing.certificate)).outcome,
      'valid',
    );
  });

  test('refuses what it cannot use in one clear line', async () => {
    const { leaf } = scene.cases['good'];
    folder.file('empty.pem', '');
    folder.file('text.crl', 'no list');
    const given: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /--authority/],
      [['--authority', 'nowhere'], /no file nowhere, and no authority of that name/],
      [['--authority', './nowhere.pem'], /no file \.\/nowhere\.pem/],
      [['--authority', 'empty.pem'], /is empty/],
      [[...authority(), '--crl', 'text.crl'], /text\.crl holds no revocation list/],
      [[...authority(), '--crl', scene.files.lists], /more than one PEM block/],
      [[...authority(), '--ocsp-response', 'text.crl'], /holds no OCSP response/],
      [[...authority(), '--intermediate', 'text.crl'], /contains no certificate/],
      [[...authority(), '--at', 'tomorrow'], /time that exists/],
      [[...authority(), '--purpose', 'client'], /object identifier/],
      [[...authority(), '--policy', 'any'], /object identifier/],
      [[...authority(), '--require-policy'], /--policy/],
      [[...authority(), '--max-intermediates', 'many'], /whole number/],
      [[...authority(), '--store', 'file:trust.json'], /cannot be used with/],
    ];
    for (const [words, message] of given) {
      const { exitCode, stdout, stderr } = await run(leaf, ...words);
      assert.equal(exitCode, 2, stderr + stdout);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
