import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { TrustDocument } from '@certgate/core/internal';
import { runOpenssl } from '../../certificates/test-support/openssl.js';
import { line, TrustStage } from './test-support/trust-stage.js';

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly identityName?: string;
  readonly identityNames?: readonly string[];
  readonly message: string;
}

describe('callers with certificates of public CAs', () => {
  const stage = new TrustStage();
  const inFolder = (name: string): string => join(stage.folder, name);
  const reason = ['--reason', 'until our own authority'];
  const soon = new Date(Date.now() + 30 * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');

  /** Makes a certificate with openssl, like those of the public web. 40 days are short enough for the rules of 2029. */
  function make(name: string, subject: string, extensions: readonly string[], issuer?: string): string {
    const signed = issuer === undefined ? [] : ['-CA', inFolder(`${issuer}.pem`), '-CAkey', inFolder(`${issuer}.key`)];
    const path = inFolder(`${name}.pem`);
    runOpenssl([
      'req', '-x509', '-config', inFolder('none.cnf'), '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
      '-keyout', inFolder(`${name}.key`), '-out', path, '-days', '40', '-subj', subject, ...signed,
      ...extensions.flatMap((extension) => ['-addext', extension]),
    ]); // prettier-ignore
    return path;
  }

  const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const leaf = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];
  const ofThePublicWeb = [
    'subjectAltName=DNS:api.contoso.com',
    'certificatePolicies=2.23.140.1.2.1',
    '1.3.6.1.4.1.11129.2.4.2=DER:04020000',
  ];

  before(async () => {
    writeFileSync(inFolder('none.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
    make('ca', "/O=Let's Encrypt/CN=R12", authority);
    const own = [...leaf, 'extendedKeyUsage=clientAuth'];
    make('own', '/CN=own', own);
    make('dual', '/CN=api.contoso.com', [...leaf, 'extendedKeyUsage=serverAuth,clientAuth', ...ofThePublicWeb], 'ca');
    make('server', '/CN=api.contoso.com', [...leaf, 'extendedKeyUsage=serverAuth', ...ofThePublicWeb], 'ca');
    mkdirSync(inFolder('certificates'));
    for (const name of ['dual', 'own'])
      writeFileSync(inFolder(`certificates/${name}.pem`), readFileSync(inFolder(`${name}.pem`)));
    await stage.expect('init', '--reason', 'x');
    await stage.expect('add', 'dual', '--certificate', 'dual.pem', ...reason);
    await stage.expect('add', 'own', '--certificate', 'own.pem', ...reason);
    await stage.expect('add', 'partner', '--certificate', 'server.pem', '--even-if-unfit', ...reason);
  });
  after(() => {
    stage.remove();
  });

  const check = async (
    ...args: readonly string[]
  ): Promise<{ findings: readonly Finding[] } & Record<string, unknown>> =>
    JSON.parse((await stage.run('check', '--json', ...args)).stdout) as never;
  const losses = (findings: readonly Finding[]): readonly Finding[] =>
    findings.filter(({ code }) => code === 'client_auth_ends_at_renewal');
  const explain = async (): Promise<Record<string, unknown>> =>
    JSON.parse(
      (await stage.run('explain', '--certificate', 'server.pem', '--function', 'F', '--json')).stdout,
    ) as Record<string, unknown>;
  const pinOf = (document: TrustDocument): unknown =>
    document.identities.find(({ name }) => name === 'partner')?.pins?.[0];

  it('are named by check if it has their certificates; for a hash without the certificate, it cannot tell', async () => {
    const [blind, seeing] = [await check(), await check('--certificate-folder', 'certificates')];
    assert.deepEqual(losses(blind.findings), []);
    assert.deepEqual(blind['pinsFromPublicAuthorities'], { likely: 0, possible: 0, unlikely: 0, cannot_tell: 3 });
    assert.deepEqual(seeing['pinsFromPublicAuthorities'], { likely: 1, possible: 0, unlikely: 1, cannot_tell: 1 });
    const [loss, ...others] = losses(seeing.findings);
    assert.deepEqual(others, []);
    assert.deepEqual([loss?.severity, loss?.identityName], ['warning', 'dual']);
    assert.match(
      loss?.message ?? '',
      /public CA \(likely: embedded_timestamps, tls_server_policy, issuer_organization, server_auth\): the file dual\.pem/,
    );
    const { stdout } = await stage.run('check', '--certificate-folder', 'certificates');
    assert.match(stdout, /1 pin is of a certificate that is not in the folder, so the command can't tell/);
    assert.doesNotMatch((await stage.run('check')).stdout, /the command can.t tell/);
  });

  it('are named when a pin ends soon, because the next certificate will lack clientAuth', async () => {
    const at = new Date(Date.now() + 35 * 86_400_000).toISOString();
    const { findings } = await check('--certificate-folder', 'certificates', '--at', at);
    const ending = findings.filter(({ code }) => code === 'pin_ends_soon');
    const referring = ending.filter(({ message }) => message.endsWith('see client_auth_ends_at_renewal.'));
    assert.deepEqual(
      referring.map(({ identityName }) => identityName),
      ['dual'],
    );
    assert.ok(ending.length > 1);
  });

  it('are named together if an authority vouches for them', async () => {
    const other = new TrustStage();
    try {
      writeFileSync(join(other.folder, 'ca.pem'), readFileSync(inFolder('ca.pem')));
      await other.expect('init', '--reason', 'x');
      await other.expect('authority', 'add', 'public', '--trust-anchor', 'ca.pem', ...reason);
      for (const name of ['a', 'b'])
        await other.expect('add', name, '--issued-by', 'public', '--dns', `${name}.contoso.com`, ...reason);
      const { findings } = JSON.parse((await other.run('check', '--json')).stdout) as { findings: readonly Finding[] };
      const [loss, ...others] = losses(findings);
      assert.deepEqual(others, []);
      assert.deepEqual([loss?.severity, loss?.identityNames], ['information', ['a', 'b']]);
      assert.match(
        loss?.message ?? '',
        /"public" looks like a public CA \(possible: issuer_organization\).*"a", "b"\./,
      );
    } finally {
      other.remove();
    }
  });

  it('are refused with a remedy, and admitted by a grace period that every report shows', async () => {
    const refused = await explain();
    assert.equal(refused['code'], 'certificate_extended_key_usage_unsuitable');
    assert.match(String(refused['detail']), /public CA \(likely: .*an authority of your own/);
    const { verifyFirst } = refused['remedy'] as { verifyFirst: string };
    assert.match(verifyFirst, /Public CAs no longer issue clientAuth.*--accept-without-client-auth-until/);

    const [pin] = stage.read().identities.find(({ name }) => name === 'partner')?.pins ?? [];
    const set = line`set partner --pin ${pin?.thumbprintSha256 ?? ''} --accept-without-client-auth-until`;
    const said = await stage.expect(...set, soon, ...reason);
    assert.match(said, /^Changed a pin of partner\.\n {2}\+ The pin .* accepts a certificate without clientAuth from /);
    assert.match(said, /ATTENTION: until .* is admitted although its issuer made it only for servers/);
    const { acceptWithoutClientAuth: grace } = pinOf(stage.read()) as Record<string, Record<string, string>>;
    assert.deepEqual([grace?.['until'], grace?.['reason']], [soon, 'until our own authority']);

    const admitted = await explain();
    const { outcome, withoutClientAuthUntil, accessEndsAt, nextChange } = admitted;
    assert.deepEqual([outcome, withoutClientAuthUntil, accessEndsAt], ['unverified', soon, soon]);
    assert.deepEqual(nextChange, { at: soon, outcome: 'denied', code: refused['code'] });
    const text = (await stage.run('explain', '--certificate', 'server.pem', '--function', 'F')).stdout;
    assert.match(text, /^The certificate lacks clientAuth, and its pin accepts that until /m);
    assert.match(text, /without clientAuth, which its pin accepts until .*: until our own authority/);
    assert.match(await stage.expect('list', 'partner'), /accepted without clientAuth from .*: until our own authority/);
    assert.match(await stage.expect('list'), /1 of 1, 1 without clientAuth/);
    const { findings } = await check('--certificate-folder', '.');
    assert.deepEqual(
      findings.filter(({ identityName }) => identityName === 'partner').map(({ code }) => code),
      ['pin_accepts_without_client_auth'],
    );

    const dual = (await stage.run('explain', '--certificate', 'dual.pem', '--function', 'F')).stdout;
    assert.match(dual, /at renewal {4}it loses clientAuth: .*\(likely: /);

    const taken = await stage.expect(...set, 'none', ...reason);
    assert.match(
      taken,
      /^Changed a pin of partner\.\n {2}- The pin .* no longer accepts a certificate without clientAuth from /,
    );
    assert.equal((await explain())['outcome'], 'denied');
  });
});
