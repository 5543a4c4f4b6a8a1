import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runLineInProcess } from './test-support/run-in-process.js';
import { TrustStage } from './test-support/trust-stage.js';

const a = 'A'.repeat(64);
const b = 'B'.repeat(64);
const sha1 = 'C'.repeat(40);
const reason = ['--reason', 'partners', '--by', 'ada'];

describe('certgate trust import of a CSV', () => {
  let stage: TrustStage;
  beforeEach(async () => {
    stage = new TrustStage();
    await stage.expect('init', ...reason);
  });
  afterEach(() => {
    stage.remove();
  });
  const write = (text: string | Buffer): void => {
    writeFileSync(join(stage.folder, 'callers.csv'), text);
  };
  const importTable = (...more: readonly string[]): ReturnType<TrustStage['run']> =>
    stage.run('import', '--from', 'callers.csv', ...reason, ...more);

  it('writes all rows of a file that Excel saved in one change, and has nothing to add the second time', async () => {
    const text = `name;roles;thumbprint;until\r\nbilling;r.read r.write;${a};2099-12-31\r\nbilling;r.write r.read;${b};2099-12-31\r\n=x;;${sha1};\r\n`;
    write(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]));
    const planned = await importTable('--dry-run');
    assert.match(planned.stdout, /Not done, because of --dry-run: Imported 3 certificates for 2 identities/);
    assert.equal(stage.read().revision, 1);
    const { stdout, exitCode } = await importTable();
    assert.equal(exitCode, 0);
    assert.match(stdout, /1 pin by SHA-1, for migration/);
    assert.deepEqual(stage.read(), {
      schemaVersion: 1,
      revision: 2,
      identities: [
        {
          name: 'billing',
          roles: ['r.read', 'r.write'],
          reason: 'partners',
          expiresAt: '2100-01-01T00:00:00Z',
          pins: [{ thumbprintSha256: a }, { thumbprintSha256: b }],
        },
        { name: '=x', roles: [], reason: 'partners', pins: [{ thumbprintSha1: sha1 }] },
      ],
    });
    write(`\ufeff${text.replaceAll(';', ',')}`);
    assert.match((await importTable()).stdout, /^Nothing to add/);
    assert.equal(stage.read().revision, 2);
  });

  it('accepts no word for all or nothing as the name of a function or role', async () => {
    for (const word of ['*', '-', 'none', 'None', '–']) {
      write(`name,roles,functions,thumbprint\nbilling,${word},${word},${a}\n`);
      const { exitCode, stdout } = await importTable();
      assert.equal(exitCode, 2);
      assert.match(stdout, /column roles: .* can't be used as a name; write the roles, or nothing for no role$/m);
      assert.match(
        stdout,
        /column functions: .* can't be used as a name; write the functions, or nothing for every function$/m,
      );
      assert.deepEqual(stage.read().identities, []);
    }
    write(`name,functions,thumbprint\nbilling,Orders,${a}\n`);
    assert.equal((await importTable()).exitCode, 0);
  });

  it('accepts no option that its columns replace, and writes nothing if one row is bad', async () => {
    write(`name,thumbprint\nbilling,${a}\nbroken,12\n`);
    for (const option of ['--role', '--function', '--owner', '--as']) {
      await stage.refuse(/can't be used with a CSV/, 'import', '--from', 'callers.csv', ...reason, option, 'x');
    }
    const { exitCode, stdout } = await importTable('--json');
    assert.equal(exitCode, 2);
    const { unreadable, ...report } = JSON.parse(stdout) as { unreadable: { origin: string }[] };
    const nothing = { added: [], present: [], refused: [] };
    assert.deepEqual(report, { source: 'callers.csv', format: 'csv', outcome: 'refused', ...nothing });
    assert.deepEqual(unreadable.map(({ origin }) => origin), ['row 3, column thumbprint']); // prettier-ignore
    assert.equal(stage.read().revision, 1);
    write('name,thumbprint\n');
    await stage.refuse(/no row below the header/, 'import', '--from', 'callers.csv', ...reason);
  });

  it('prints a template without any other option', async () => {
    const { stdout, exitCode } = await runLineInProcess(['trust', 'import', '--print-template'], stage.folder);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^name,/);
    assert.equal((await runLineInProcess(['trust', 'import'], stage.folder)).exitCode, 2);
  });
});
