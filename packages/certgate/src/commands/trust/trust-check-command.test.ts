import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from '../certificate/test-support/run-certgate.js';

const a = 'A1'.repeat(32);
const b = 'B2'.repeat(32);

interface Report {
  readonly valid: boolean;
  readonly signature: string | null;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly identityName: string }[];
}

describe('certgate trust check', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });
  const check = (name: string, ...args: readonly string[]): Promise<CommandRun> =>
    runCertgate(['trust', 'check', '--store', `file:${name}`, '--at', '2027-01-01T00:00:00Z', ...args], {
      cwd: folder.path,
    });
  const write = (name: string, identities: readonly object[]): string => {
    folder.file(name, JSON.stringify({ schemaVersion: 1, revision: 3, identities }));
    return name;
  };
  const pin = { thumbprintSha256: a, notAfter: '2028-01-01T00:00:00Z' };

  test('ends with 0 if there is nothing to report', async () => {
    const name = write('fine.json', [{ name: 'billing', roles: [], pins: [pin] }]);
    const { exitCode, stdout, stderr } = await check(name);
    assert.equal(exitCode, 0, stderr);
    assert.equal(
      stdout,
      'file:fine.json: valid, revision 3, identities: 1; errors: 0, warnings: 0, for information: 0, at 2027-01-01T00:00:00Z.\n',
    );
  });

  test('ends with 1 for what ends, has ended, or never begins, depending on severity', async () => {
    const name = write('ends.json', [
      { name: 'soon', roles: [], owner: 'a team', pins: [{ ...pin, notAfter: '2027-01-20T00:00:00Z' }] },
      { name: 'old', roles: [], pins: [{ thumbprintSha1: 'C3'.repeat(20) }] },
      { name: 'nobody', roles: [] },
    ]);
    const { exitCode, stdout } = await check(name, '--json');
    assert.equal(exitCode, 1);
    const report = JSON.parse(stdout) as Report;
    assert.ok(report.valid);
    const codes = report.findings.map(({ code, identityName }) => `${code} ${identityName}`);
    for (const expected of ['pin_ends_soon soon', 'pin_sha1 old', 'identity_without_pins nobody'])
      assert.ok(codes.includes(expected), codes.join());
    assert.match((await check(name)).stdout, /2027-01-20T00:00:00Z \(in 19 days\).*a team/);
    assert.equal((await check(name, '--fail-on', 'error')).exitCode, 0);
    const dead = write('dead.json', [{ name: 'x', roles: [], pins: [{ ...pin, notAfter: '2026-01-01T00:00:00Z' }] }]);
    assert.equal((await check(dead, '--fail-on', 'error')).exitCode, 1);
  });

  test('looks as far ahead as --within says', async () => {
    const name = write('within.json', [{ name: 'x', roles: [], pins: [{ ...pin, notAfter: '2027-02-15T00:00:00Z' }] }]);
    for (const [words, code] of [
      [[], 0],
      [['--within', '60d'], 1],
      [['--within', 'soon'], 2],
    ] as const)
      assert.equal((await check(name, ...words)).exitCode, code);
  });

  test('reports a CA that openssl makes without options, and not one that is made as the page says', async () => {
    const page = readFileSync(new URL('../../../../../../docs/authorities.md', import.meta.url), 'utf8');
    const commands = /^```sh\n(openssl req -x509[^]*?)^certgate certificate verify .*\n```$/m.exec(page)?.[1];
    assert.ok(commands !== undefined);
    execFileSync('sh', ['-eu', '-c', commands], { cwd: folder.path, stdio: 'ignore' });
    runOpenssl([
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=Bare',
      '-keyout', folder.file('bare.key.pem'), '-out', folder.file('bare.crt.pem'),
    ]); // prettier-ignore
    const find = async (anchor: string): Promise<readonly string[]> => {
      const trustAnchors = [readFileSync(folder.file(anchor), 'utf8')];
      const authorities = [{ name: 'corp', trustAnchors, revocation: { crls: ['file:a'] } }];
      const identities = [{ name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] }];
      folder.file('ca.json', JSON.stringify({ schemaVersion: 1, revision: 1, authorities, identities }));
      // The certificates were made just now, so --at is not used.
      const words = ['trust', 'check', '--store', 'file:ca.json', '--json'];
      const { findings } = JSON.parse((await runCertgate(words, { cwd: folder.path })).stdout) as Report;
      return findings.filter(({ severity }) => severity !== 'information').map(({ code }) => code);
    };
    assert.deepEqual(await find('bare.crt.pem'), ['authority_certificate_unfit']);
    assert.deepEqual(await find('root.crt.pem'), []);
    const verify = ['certificate', 'verify', 'billing.crt.pem', '--authority'];
    assert.equal((await runCertgate([...verify, 'root.crt.pem'], { cwd: folder.path })).exitCode, 0);
  });

  test('reads the revocation lists only with --revocation', async () => {
    const trustAnchors = [readFileSync(folder.file('root.crt.pem'), 'utf8')];
    runOpenssl(['ca', '-gencrl', '-keyfile', folder.file('root.key.pem'), '-cert', folder.file('root.crt.pem'), '-md', 'sha256', '-out', folder.file('root.crl'), '-config', folder.file('ca.cnf', `[ca]\ndefault_ca = here\n[here]\ndatabase = ${folder.file('index.txt', '')}\ncrlnumber = ${folder.file('crlnumber', '0A\n')}\ndefault_crl_days = 30\ncrl_extensions = ext\n[ext]\nauthorityKeyIdentifier = keyid:always\n`)]); // prettier-ignore
    const run = async (crl: string, ...args: readonly string[]): Promise<CommandRun> => {
      const authorities = [{ name: 'corp', trustAnchors, revocation: { mode: 'required', crls: [crl] } }];
      const identities = [{ name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] }];
      folder.file('lists.json', JSON.stringify({ schemaVersion: 1, revision: 1, authorities, identities }));
      return runCertgate(['trust', 'check', '--store', 'file:lists.json', ...args], { cwd: folder.path });
    };
    const good = await run('file:root.crl', '--revocation');
    assert.equal(good.exitCode, 0, good.stdout + good.stderr);
    assert.match(
      good.stdout,
      /^ {2}corp: list 10 of "CN=Corp root" from file root\.crl, signed by the authority, until /m,
    );
    assert.equal((await run('file:absent.crl')).exitCode, 0);
    const absent = await run('file:absent.crl', '--revocation', '--json');
    assert.equal(absent.exitCode, 1);
    const report = JSON.parse(absent.stdout) as Report & { readonly revocation: { readonly lists: readonly object[] } };
    assert.ok(
      report.findings.some(({ code, severity }) => code === 'revocation_list_unusable' && severity === 'error'),
    );
    assert.deepEqual(report.revocation.lists, []);
  });

  test('checks all of several documents, and the most severe result decides the exit code', async () => {
    write('good.json', [{ name: 'x', roles: [], owner: 'a team', pins: [pin] }]);
    write('soon.json', [
      { name: 'y', roles: [], owner: 'a team', pins: [{ ...pin, notAfter: '2027-01-20T00:00:00Z' }] },
      { name: 'z', roles: [], pins: [{ thumbprintSha256: b, notAfter: '2027-01-10T00:00:00Z' }] },
    ]);
    folder.file('broken.json', '{}');
    const stores = (...names: readonly string[]): readonly string[] =>
      names.flatMap((name) => ['--store', `file:${name}`]);
    const both = await check('good.json', ...stores('soon.json'));
    assert.equal(both.exitCode, 1);
    assert.match(both.stdout, /^file:good\.json: valid.*\n[^]*pin_ends_soon[^]*\nfile:soon\.json: valid/);
    assert.equal((await check('good.json', ...stores('good.json'))).exitCode, 0);
    const all = await check('good.json', ...stores('broken.json', 'absent.json', 'soon.json'), '--json');
    assert.equal(all.exitCode, 2);
    const { stores: reports } = JSON.parse(all.stdout) as {
      stores: readonly { store: string; valid?: boolean; error?: object }[];
    };
    assert.deepEqual(
      reports.map(({ store, valid, error }) => [store, valid ?? (error && 'error')]),
      [
        ['file:good.json', true],
        ['file:broken.json', false],
        ['file:soon.json', true],
        ['file:absent.json', 'error'],
      ],
    );
    assert.match(
      (await check('good.json', ...stores('absent.json'))).stderr,
      /There is no trust document at file:absent\.json/,
    );
  });

  test('lists what ends by owner, over all documents, with --owner-report', async () => {
    const args = ['--store', 'file:soon.json', '--owner-report', '--within', '30d'];
    write('more.json', [
      { name: 'x', roles: [], owner: 'a team', pins: [{ ...pin, notAfter: '2027-01-05T00:00:00Z' }] },
    ]);
    const { stdout, exitCode } = await check('more.json', ...args);
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /^a team\n  warning 2027-01-05T.* file:more\.json: .*"x".*\n  warning 2027-01-20T.* file:soon\.json: .*"y".*\n\nwithout an owner in the document\n.*"z"/,
    );
    write('quiet.json', [{ name: 'x', roles: [], pins: [pin] }]);
    assert.match((await check('quiet.json', '--owner-report')).stdout, /^Nothing has ended or ends soon\.\n/);
    const both = await check('quiet.json', '--store', 'file:absent.json', '--owner-report');
    assert.match(both.stdout, /^Nothing has ended or ends soon in the documents that can be read \(1 of 2\)\.\n/);
  });

  test('ends with 2 and every problem of a document that apps refuse, with its place', async () => {
    const pins = `{"thumbprintSha256":"${b}"}`;
    folder.file('bad.json', `{"schemaVersion":1,"revision":1,"revision":2,"identities":[
      {"name":"a","roles":[],"roles":["x"],"x":1,"pins":[${pins},${pins}]}]}`); // prettier-ignore
    const { exitCode, stdout } = await check('bad.json', '--json');
    assert.equal(exitCode, 2);
    const { valid, problems } = JSON.parse(stdout) as Report;
    assert.equal(valid, false);
    const paths = problems.map(({ path }) => path).sort();
    assert.deepEqual(paths, ['identities[0].pins[1]', 'identities[0].roles', 'identities[0].x', 'revision']);
    const text = (await check('bad.json')).stdout;
    for (const path of paths) assert.ok(text.includes(`  ${path}: `), path);
    for (const [content, expected] of [
      ['{\n  "schemaVersion": 1,,\n  // note\n}', /not JSON.*line 2, column 22/],
      [Buffer.from([0x7b, 0xe9, 0x7d]), /not UTF-8/],
      ['['.repeat(200_000), /not JSON/],
    ] as const) {
      folder.file('broken.json', content);
      const broken = await check('broken.json');
      assert.equal(broken.exitCode, 2);
      assert.match(broken.stdout, expected);
    }
  });

  test('ends with 2 if the document or the key does not exist', async () => {
    assert.match(
      (await check('nowhere.json')).stderr,
      /no trust document at file:nowhere\.json\.\n.*trust init --reason REASON --store file:nowhere\.json/,
    );
    assert.equal((await check('fine.json', '--signed-by', 'nowhere.pem')).exitCode, 2);
    assert.equal((await check('fine.json', '--signed-by', 'fine.json')).exitCode, 2);
  });

  test('verifies with --signed-by: a matching signature, none, that of another key, and that of another text', async () => {
    const name = write('signed.json', [{ name: 'billing', roles: [], pins: [pin] }]);
    for (const key of ['one', 'other']) {
      runOpenssl(['genpkey', '-algorithm', 'ed25519', '-out', folder.file(`${key}.pem`)]);
      runOpenssl(['pkey', '-in', folder.file(`${key}.pem`), '-pubout', '-out', folder.file(`${key}.public.pem`)]);
    }
    const verdict = async (...keys: readonly string[]): Promise<readonly [number | null, string | null]> => {
      const signedBy = keys.flatMap((key) => ['--signed-by', `${key}.public.pem`]);
      const { exitCode, stdout } = await check(name, '--json', ...signedBy);
      return [exitCode, (JSON.parse(stdout) as Report).signature];
    };
    assert.deepEqual(await verdict(), [0, null]);
    assert.deepEqual(await verdict('one'), [2, 'absent']);
    const [key, raw] = [folder.file('one.pem'), folder.file('raw.sig')];
    runOpenssl(['pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', folder.file(name), '-out', raw]);
    runOpenssl(['base64', '-A', '-in', raw, '-out', folder.file(`${name}.sig`)]);
    assert.deepEqual(await verdict('one'), [0, 'fits']);
    // A signature that was not verified proves nothing: apps with `signedBy` may refuse the document.
    assert.deepEqual(await verdict(), [3, null]);
    const unverified = await check(name);
    assert.equal(unverified.exitCode, 3);
    assert.match(unverified.stdout, /not verified \(signature\), revision 3/);
    assert.doesNotMatch(unverified.stdout, /: valid/);
    assert.match(unverified.stdout, /--signed-by FILE/);
    assert.deepEqual(await verdict('other', 'one'), [0, 'fits']);
    write(name, [{ name: 'intruder', roles: [], pins: [pin] }]);
    assert.deepEqual(await verdict('one'), [2, 'wrong']);
    assert.match((await check(name, '--signed-by', 'one.public.pem')).stderr, /does not match this document and key/);
  });

  test('says with --audience and --minimum-revision whether such apps accept the document', async () => {
    const document = { schemaVersion: 1, revision: 3, audience: ['orders'] };
    const identities = [{ name: 'billing', roles: [], pins: [pin] }];
    const name = 'audience.json';
    folder.file(name, JSON.stringify({ ...document, identities }));
    const verdict = async (...words: readonly string[]): Promise<readonly [number | null, boolean]> => {
      const { exitCode, stdout } = await check(name, '--json', ...words);
      return [exitCode, (JSON.parse(stdout) as Report).valid];
    };
    assert.deepEqual(await verdict(), [3, false]);
    assert.deepEqual(await verdict('--audience', 'Orders'), [0, true]);
    assert.deepEqual(await verdict('--audience', 'billing'), [2, false]);
    assert.deepEqual(await verdict('--audience', 'orders', '--minimum-revision', '3'), [0, true]);
    assert.deepEqual(await verdict('--audience', 'orders', '--minimum-revision', '4'), [2, false]);
    const { stdout, stderr } = await check(name, '--audience', 'billing');
    assert.match(stdout, /: refused, revision 3/);
    assert.match(stderr, /not for "billing"/);
    assert.match((await check(name)).stdout, /not verified \(audience\).*is for orders.*--audience NAME/s);
  });
});
