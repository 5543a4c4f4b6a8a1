import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../../certificates/test-support/openssl.js';
import { TrustStage } from '../test-support/trust-stage.js';

describe('certgate trust rotate --from', () => {
  const stage = new TrustStage();
  const made = createTemporaryFolder();
  const folder = join(stage.folder, 'next');
  const reason = ['--reason', 'yearly', '--by', 'ada'];
  const hashes = new Map<string, string>();
  const old = (digit: string): string => digit.repeat(64);
  const put = (source: string, name: string): void => {
    copyFileSync(made.file(`${source}.crt.pem`), join(folder, name));
  };

  before(() => {
    for (const name of ['one', 'two']) {
      const { certificate } = makeOpensslPair(made, name);
      copyFileSync(certificate, made.file(`${name}.crt.pem`));
      const fingerprint = runOpenssl(['x509', '-in', certificate, '-noout', '-fingerprint', '-sha256']);
      hashes.set(name, fingerprint.split('=')[1]?.trim().replaceAll(':', '') ?? '');
    }
    mkdirSync(folder);
  });
  after(() => {
    stage.remove();
    made.remove();
  });
  beforeEach(() => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    const identities = ['billing', 'reporting', 'reporting.crt', 'stock'].map((name, index) => ({
      name,
      roles: ['r'],
      pins: [{ thumbprintSha256: old(String(index)) }],
    }));
    writeFileSync(stage.path, JSON.stringify({ schemaVersion: 1, revision: 7, identities }));
  });

  it('gives each identity that a file is named after its certificate, in one change', async () => {
    put('one', 'Billing.crt.pem');
    put('two', 'stock.cer');
    writeFileSync(join(folder, '.DS_Store'), 'x');
    writeFileSync(join(folder, 'billing.key.pem'), runOpenssl(['genpkey', '-algorithm', 'ed25519']));
    const rotate = ['rotate', '--from', 'next', '--overlap', '14d', ...reason];
    assert.match(await stage.expect(...rotate, '--dry-run'), /Not done, because of --dry-run: Rotated 2 identities/);
    assert.equal(stage.read().revision, 7);
    const said = await stage.expect(...rotate);
    assert.match(said, /^Rotated 2 identities from next\./);
    assert.match(said, /\n {2}billing: CN=one, until 20\S+ \(Billing\.crt\.pem\)/);
    const { revision, identities } = stage.read();
    assert.equal(revision, 8);
    const [billing, reporting, , stock] = identities;
    assert.deepEqual(
      [billing, stock].map((each) => each?.pins?.map(({ thumbprintSha256 }) => thumbprintSha256)),
      [
        [old('0'), hashes.get('one')],
        [old('3'), hashes.get('two')],
      ],
    );
    const ends = [billing, stock].map((each) => each?.pins?.[0]?.notAfter);
    assert.ok(ends[0] !== undefined && ends[0] === ends[1], 'the old ones end together');
    assert.ok(stock?.pins?.[1]?.notAfter !== undefined, 'a new one ends with its certificate');
    assert.deepEqual(reporting?.pins, [{ thumbprintSha256: old('1') }]);
  });

  it('takes a folder as `certificate issue` fills it', async () => {
    put('one', 'billing.crt.pem');
    put('two', 'billing.chain.pem');
    const pem = readFileSync(join(folder, 'billing.crt.pem'), 'utf8');
    writeFileSync(join(folder, 'billing.crt.base64'), pem.replaceAll(/-----.*-----|\s/g, ''));
    writeFileSync(join(folder, 'key.pem'), runOpenssl(['genpkey', '-algorithm', 'ed25519']));
    const pfx = join(folder, 'billing.pfx');
    runOpenssl([
      'pkcs12',
      '-export',
      '-in',
      join(folder, 'billing.crt.pem'),
      '-nokeys',
      '-passout',
      'pass:x',
      '-out',
      pfx,
    ]);
    const rotate = ['rotate', '--from', 'next', '--overlap', '14d', ...reason];
    assert.match(await stage.expect(...rotate, '--dry-run'), /Rotated 1 identity[^]*until \S+ \(billing\.crt\.pem\)/);
    rmSync(join(folder, 'billing.crt.pem'));
    const { stdout } = await stage.run(...rotate);
    assert.match(stdout, /billing\.pfx: .*needs a password\. No password is asked for here/);
    assert.match(stdout, /billing\.chain\.pem: CN=two: no identity has this name/);
  });

  it('names every file that it is not sure about, and writes nothing', async () => {
    put('one', 'billing.pem');
    put('two', 'billing.crt.pem');
    put('one', 'reporting.crt.pem');
    put('one', 'nobody.pem');
    put('two', 'stock.pem');
    writeFileSync(join(folder, 'notes.txt'), 'hello');
    mkdirSync(join(folder, 'more'));
    const { exitCode, stdout } = await stage.run('rotate', '--from', 'next', '--overlap', '0', ...reason, '--json');
    rmSync(join(folder, 'more'), { recursive: true });
    assert.equal(exitCode, 2);
    const { unusable } = JSON.parse(stdout) as { unusable: { origin: string; reason: string }[] };
    const reasons = Object.fromEntries(unusable.map(({ origin, reason: why }) => [origin, why]));
    assert.deepEqual(Object.keys(reasons).sort(), [
      'billing.pem', 'more', 'nobody.pem', 'notes.txt', 'reporting.crt.pem', 'stock.pem',
    ]); // prettier-ignore
    assert.match(reasons['billing.pem'] ?? '', /^billing\.crt\.pem is for "billing" too/);
    assert.match(reasons['more'] ?? '', /is a folder/);
    assert.match(reasons['nobody.pem'] ?? '', /no identity has this name/);
    assert.match(reasons['reporting.crt.pem'] ?? '', /"reporting" or "reporting\.crt"/);
    assert.equal(stage.read().revision, 7);
  });

  it('names a certificate that is pinned already, or that the gate would refuse', async () => {
    put('one', 'billing.pem');
    put('one', 'stock.pem');
    const { exitCode, stdout } = await stage.run('rotate', '--from', 'next', '--overlap', '0', ...reason);
    assert.equal(exitCode, 2);
    assert.match(stdout, /^Nothing was rotated from next[\s\S]*stock\.pem: CN=one: .*already pinned for "billing"/);
    put('two', 'stock.pem');
    await stage.expect('rotate', '--from', 'next', '--overlap', '0', ...reason);
    assert.equal((await stage.run('rotate', '--from', 'next', '--overlap', '0', ...reason)).exitCode, 2);
    assert.equal(stage.read().revision, 8);
  });

  it('notes old and new certificates that leave a gap', async () => {
    put('one', 'billing.pem');
    const years = ['rotate', '--from', 'next', '--overlap', '9999d', ...reason];
    assert.match(
      await stage.expect(...years, '--dry-run'),
      /Note: New certificates that end before the overlap: billing\n/,
    );
    const document = stage.read();
    const identities = document.identities.map((each) => ({
      ...each,
      pins: (each.pins ?? []).map((pin) => ({ ...pin, notAfter: '2099-01-01T00:00:00Z' })),
    }));
    writeFileSync(stage.path, JSON.stringify({ ...document, identities }));
    const centuries = await stage.expect('rotate', '--from', 'next', '--overlap', '99999d', ...reason, '--dry-run');
    assert.match(centuries, /Note: Old certificates that end earlier .*: billing\n/);
    writeDatedCertificate(join(folder, 'billing.pem'), {
      ...{ keyPath: made.file('later.key.pem'), name: ['CN = later'] },
      extensions: ['basicConstraints = critical, CA:FALSE'],
      ...{ notBefore: '20980101000000Z', notAfter: '20990101000000Z' },
    });
    assert.match(
      await stage.expect('rotate', '--from', 'next', '--overlap', '1d', ...reason),
      /refused in between: billing\n/,
    );
  });

  it('takes a name or a folder, and no option that says something of one certificate', async () => {
    const rotate = ['rotate', '--overlap', '0', ...reason];
    await stage.refuse(/No identity is named/, ...rotate);
    await stage.refuse(/the files name the identities/, ...rotate, '--from', 'next', 'billing');
    await stage.refuse(/no certificate in the folder/, ...rotate, '--from', 'next');
    await stage.refuse(/can't be read/, ...rotate, '--from', 'nowhere');
    await stage.refuse(/./, ...rotate, '--from', 'next', '--even-if-unfit');
  });
});
