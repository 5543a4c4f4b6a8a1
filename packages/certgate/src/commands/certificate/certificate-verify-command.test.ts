import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { newName, writeClient } from '@certgate/x509/test-support/written-path.js';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import {
  type IssuedMaterial,
  type Made,
  checkedAt,
  makeCertificate,
  makeBundle,
  makeIssuedMaterial,
} from './test-support/issued-material.js';
import { readVerification } from './test-support/read-verification.js';
import { type CommandRun, runCertgate } from './test-support/run-certgate.js';
import type { Verification } from './verify/verification.js';

const folder = createTemporaryFolder();

let made: IssuedMaterial;

before(() => {
  made = makeIssuedMaterial(folder);
});

after(() => {
  folder.remove();
});

const run = ({ certificate }: Pick<Made, 'certificate'>, ...more: readonly string[]): Promise<CommandRun> => {
  const at = more.includes('--at') ? [] : ['--at', checkedAt];
  return runCertgate(['certificate', 'verify', certificate, ...at, ...more], { cwd: folder.path });
};
const verify = (leaf: Pick<Made, 'certificate'>, ...more: readonly string[]): Promise<Verification> =>
  readVerification(run(leaf, '--json', ...more));
const authority = (): readonly string[] => ['--authority', made.root.certificate, '--intermediate', made.untrusted];
const withLists = (): readonly string[] => made.lists.flatMap((list) => ['--crl', list]);

describe('certgate certificate verify', () => {
  test('checks as the gate does: as a client certificate, and with the lists of that time', async () => {
    const lists = withLists();
    assert.equal((await verify(made.good, ...authority(), ...lists)).code, null);
    assert.equal((await verify(made.revoked, ...authority(), ...lists)).code, 'certificate_revoked');
    assert.equal((await verify(made.server, ...authority(), ...lists)).code, 'path_extended_key_usage_unsuitable');
    const late = ['--at', '2027-02-15T00:00:00Z'];
    assert.equal((await verify(made.good, ...authority(), ...lists, ...late)).code, 'revocation_unavailable');
  });

  test('refuses what no app accepts of a client, though its path is valid', async () => {
    const signsOnly = clientExtensions.map((line) => line.replace('digitalSignature', 'keyAgreement'));
    const unfit = makeCertificate(folder, 'unfit', { issuer: made.issuing, extensions: signsOnly });
    const { code, paths } = await verify(unfit, ...authority());
    assert.equal(code, 'certificate_key_usage_unsuitable');
    assert.ok(paths.at(-1)?.checks.every(({ verdict }) => verdict === 'passed'));
    const { stdout } = await run(unfit, ...authority());
    assert.match(stdout, /^Path 2: CN=root → CN=issuing → CN=unfit$/m);
    assert.match(stdout, /^Not valid: certificate_key_usage_unsuitable: /m);
  });

  test('traces every check of every path, and the paths that did not lead to a trust anchor', async () => {
    const { paths, revocation } = await verify(made.good, ...authority(), ...withLists());
    assert.equal(revocation, 'required');
    // The path by the cross-certificate is tried first, because that certificate is first in the file. Nobody trusts
    // its root.
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
      const checks: readonly string[] = held.checks
        .filter(({ certificate }) => certificate === index)
        .map(({ check }) => check);
      assert.deepEqual(checks, expected);
    }
    assert.ok(held.checks.every(({ verdict }) => verdict === 'passed'));
    const [evidence] = held.checks.filter(({ check }) => check === 'revocation').at(-1)?.revocation ?? [];
    assert.deepEqual(evidence, {
      source: 'crl',
      file: made.lists[1],
      crlNumber: '7',
      thisUpdate: '2027-01-01T00:00:00Z',
      nextUpdate: '2027-02-01T00:00:00Z',
      status: 'good',
      detail: null,
    });
  });

  test('prints the paths for people in the same way as explain', async () => {
    const revoked = await run(made.revoked, ...authority(), ...withLists());
    assert.equal(revoked.exitCode, 1);
    assert.match(revoked.stdout, /^Path 1, which reaches no trust anchor: … → CN=issuing → CN=revoked$/m);
    assert.match(revoked.stdout, /^Path 2: CN=root → CN=issuing → CN=revoked$/m);
    assert.doesNotMatch(revoked.stdout, /signature/);
    assert.match(revoked.stdout, /^ {4}✗ revocation {3}certificate_revoked: /m);
    assert.match(revoked.stdout, /list 7 in .*issuing\.crl\.pem, 2027-01-01T00:00:00Z to .*: revoked: keyCompromise/);
    assert.match(revoked.stdout, /^Not valid: certificate_revoked: The certificate "CN=revoked"/m);
    const good = await run(made.good, ...authority());
    assert.equal(good.exitCode, 0);
    assert.match(good.stdout, /^Valid: CN=root → CN=issuing → CN=good$/m);
    assert.match(good.stdout, /^Revocation was not checked/m);
    assert.equal(good.stderr, '');
  });

  test('follows --revocation and --scope', async () => {
    const ofIssuing = ['--crl', made.lists[1]];
    assert.equal((await verify(made.good, ...authority(), ...ofIssuing)).code, 'revocation_unavailable');
    assert.equal((await verify(made.good, ...authority(), ...ofIssuing, '--scope', 'end-entity')).outcome, 'valid');
    const lenient = [...ofIssuing, '--revocation', 'when-available'];
    const { outcome, paths } = await verify(made.good, ...authority(), ...lenient);
    assert.equal(outcome, 'valid');
    assert.deepEqual(
      paths.at(-1)?.checks.flatMap(({ check, verdict }) => (check === 'revocation' ? [verdict] : [])),
      ['unknown', 'passed'],
    );
    assert.equal((await verify(made.revoked, ...authority(), ...lenient)).outcome, 'invalid');
    const required = await verify(made.good, ...authority(), '--revocation', 'required');
    assert.equal(required.code, 'revocation_unavailable');
  });

  test('uses a trust anchor only for other certificates, and ignores certificates next to the one in question', async () => {
    assert.equal((await verify(made.issuing, '--authority', made.issuing.certificate)).code, 'path_not_found');
    const chain = makeBundle(folder, 'chain.pem', [made.good.certificate, made.issuing.certificate]);
    const { exitCode, stderr } = await run({ certificate: chain }, '--authority', made.root.certificate);
    assert.equal(exitCode, 1);
    assert.match(stderr, /contains 1 more; they were not used/);
    assert.equal((await verify({ certificate: chain }, '--authority', made.issuing.certificate)).outcome, 'valid');
  });

  test('accepts an older form for a trust anchor, but not for an intermediate', async () => {
    const [root, old] = [newName('Root'), newName('Old CA')];
    const file = (name: string, der: Uint8Array): string => folder.file(name, toPem(der));
    const anchor = file('anchor.pem', writeOlderAuthority('none of these', root));
    const client = { certificate: file('client.pem', writeClient(old).der) };
    const below = file('zero.pem', writeOlderAuthority('serial number 0', old, root));
    const unreadable = file('old.pem', writeOlderAuthority('all of these', old, root));
    for (const authority of [below, unreadable])
      assert.equal((await verify(client, '--authority', authority)).code, null);
    const { code } = await verify(client, '--authority', anchor, '--intermediate', below);
    assert.equal(code, 'path_certificate_malformed');
    const { exitCode, stderr } = await run(client, '--authority', anchor, '--intermediate', unreadable);
    assert.equal(exitCode, 2);
    assert.match(stderr, /old\.pem, number 1 is not encoded as RFC 5280 requires/);
  });

  test('refuses what it cannot use in one clear line', async () => {
    folder.file('empty.pem', '');
    folder.file('text.crl', 'no list');
    const bundle = makeBundle(folder, 'lists.pem', made.lists);
    const given: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /--authority/],
      [['--authority', 'nowhere'], /no file nowhere, and no authority of that name/],
      [['--authority', './nowhere.pem'], /no file \.\/nowhere\.pem/],
      [['--authority', 'empty.pem'], /is empty/],
      [[...authority(), '--crl', 'text.crl'], /text\.crl holds no revocation list/],
      [[...authority(), '--crl', bundle], /more than one PEM block/],
      [[...authority(), '--intermediate', 'text.crl'], /contains no certificate/],
      [[...authority(), '--at', 'tomorrow'], /time that exists/],
      [[...authority(), '--store', 'file:trust.json'], /cannot be used with/],
    ];
    for (const [words, message] of given) {
      const { exitCode, stdout, stderr } = await run(made.good, ...words);
      assert.equal(exitCode, 2, stderr + stdout);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
