import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import type { TrustDocument } from '@certgate/core/internal';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from '../certificate/test-support/run-certgate.js';

const a = 'CA06F56B258B7A0D4F2B05470939478651151984';
const b = '5726F1DDBC5BA5986A21BDFCBA1D88C74C8EDE90';
const s = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';

describe('certgate trust import', () => {
  const folder = createTemporaryFolder();
  const store = 'file:trust.json';
  beforeEach(() => {
    rmSync(folder.file('trust.json.log.jsonl'), { force: true });
    folder.file('trust.json', '{"schemaVersion":1,"revision":7,"identities":[]}');
  });
  after(() => {
    folder.remove();
  });
  const run = (args: readonly string[], input = ''): Promise<CommandRun> =>
    runCertgate(['trust', 'import', '--store', store, '--reason', 'a test', '--by', 'me', ...args], {
      cwd: folder.path,
      input,
    });
  const readTrust = (): TrustDocument => JSON.parse(readFileSync(folder.file('trust.json'), 'utf8')) as TrustDocument;

  test('imports an app setting in one change, with roles, and reports it', async () => {
    const { exitCode, stdout, stderr } = await run(
      ['--from', '-', '--role', 'orders.read', '--owner', 'a team'],
      `${a}, ${b};billing=${s}\n`,
    );
    assert.equal(exitCode, 0, stderr);
    const { revision, identities } = readTrust();
    assert.equal(revision, 8);
    const common = { roles: ['orders.read'], owner: 'a team', reason: 'a test' };
    assert.deepEqual(identities, [
      { name: 'imported-CA06F56B', ...common, pins: [{ thumbprintSha1: a }] },
      { name: 'imported-5726F1DD', ...common, pins: [{ thumbprintSha1: b }] },
      { name: 'billing', ...common, pins: [{ thumbprintSha256: s }] },
    ]);
    assert.match(stdout, /Imported 3 certificates for 3 identities from standard input\./);
    assert.match(stdout, /2 pins by SHA-1, for migration/);
    const again = await run(['--from', '-'], `${a}\n${s}`);
    assert.equal(again.exitCode, 0);
    assert.match(again.stdout, /Nothing to add[\s\S]*Already in the document/);
    assert.equal(readTrust().revision, 8);
  });

  test('follows --as and --to-existing', async () => {
    const from = (input: string, ...args: readonly string[]): Promise<CommandRun> =>
      run(['--from', '-', ...args], input);
    assert.equal((await from(`x=${a},${b}`, '--as', 'partners')).exitCode, 0);
    assert.equal((await from(s, '--as', 'partners')).exitCode, 1);
    assert.equal((await from(s, '--as', 'partners', '--to-existing')).exitCode, 0);
    const held = readTrust().identities.map(({ name, pins }) => [name, pins?.length]);
    assert.deepEqual(held, [['partners', 3]]);
  });

  test('writes nothing for a mistyped entry or with --dry-run, and reports all mistakes', async () => {
    const { exitCode, stdout } = await run(['--from', '-', '--json'], `${a}\n${b}0\nhello`);
    assert.equal(exitCode, 2);
    const { unreadable } = JSON.parse(stdout) as { unreadable: readonly { origin: string }[] };
    assert.deepEqual(unreadable.map(({ origin }) => origin), ['line 2', 'line 3']); // prettier-ignore
    assert.equal((await run(['--from', '-'], '# nothing')).exitCode, 2);
    assert.equal((await run(['--from', 'nowhere.txt'])).exitCode, 2);
    const planned = await run(['--from', '-', '--dry-run'], a);
    assert.equal(planned.exitCode, 0);
    assert.match(planned.stdout, /--dry-run/);
    assert.deepEqual(readTrust(), { schemaVersion: 1, revision: 7, identities: [] });
    assert.ok(!existsSync(folder.file('trust.json.log.jsonl')));
  });

  test('refuses a policy, and names the page that says what to do', async () => {
    const { exitCode, stderr } = await run(['--from', '-'], `<policies><identity thumbprint="${a}" /></policies>`);
    assert.equal(exitCode, 2);
    assert.match(stderr, /standard input is XML[\s\S]*from-pins-to-a-ca\.md/);
    assert.equal(readTrust().revision, 7);
  });

  test('replaces SHA-1 by SHA-256 with its end with --certificate-folder, and leaves out an unfit certificate', async () => {
    const certificates = folder.file('certificates');
    mkdirSync(certificates, { recursive: true });
    const make = (name: string, ...extensions: readonly string[]): X509Certificate => {
      const file = join(certificates, `${name}.pem`);
      runOpenssl([
        'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-days', '90',
        ...extensions.flatMap((each) => ['-addext', each]), '-keyout', join(certificates, `${name}.key.pem`), '-out', file,
      ]); // prettier-ignore
      return new X509Certificate(readFileSync(file));
    };
    const good = make('good', 'basicConstraints=critical,CA:FALSE');
    const authority = make('authority', 'basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign');
    folder.file(join('certificates', 'broken.crt'), 'nothing');
    folder.file(
      join('certificates', 'old.cer'),
      writeOlderAuthority('a key usage with trailing zero bits', newName('old')),
    );
    const { exitCode, stdout } = await run(
      ['--from', '-', '--certificate-folder', 'certificates'],
      `good=${good.fingerprint}\nca=${authority.fingerprint}\nother=${a}`,
    );
    assert.equal(exitCode, 1);
    const notAfter = new Date(good.validTo).toISOString().replace('.000', '');
    assert.deepEqual(
      readTrust().identities.map(({ name, pins }) => ({ name, pins })),
      [
        { name: 'good', pins: [{ thumbprintSha256: good.fingerprint256.replaceAll(':', ''), notAfter }] },
        { name: 'other', pins: [{ thumbprintSha1: a }] },
      ],
    );
    assert.match(stdout, /Certgate would refuse the certificate itself \(authority\.pem\)/);
    assert.match(stdout, /broken\.crt contains no certificate/);
    assert.match(stdout, /A certificate in certificates\Wold\.cer can't be read: .*named bits/);
  });
});
