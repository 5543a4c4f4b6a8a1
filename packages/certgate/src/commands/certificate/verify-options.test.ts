import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { type Made, makeBundle } from './test-support/issued-material.js';
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

  test('refuses what it can not use in one clear line', async () => {
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
