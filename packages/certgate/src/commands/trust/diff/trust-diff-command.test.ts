import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder } from '../../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from '../../certificate/test-support/run-certgate.js';

describe('certgate trust diff', () => {
  const folder = createTemporaryFolder();
  const write = (name: string, revision: number, identities: readonly object[]): void => {
    folder.file(name, JSON.stringify({ schemaVersion: 1, revision, identities }));
  };
  const diff = (...args: readonly string[]): Promise<CommandRun> =>
    runCertgate(['trust', 'diff', ...args], { cwd: folder.path });
  const billing = { name: 'billing', roles: ['orders.read'], pins: [{ thumbprintSha256: 'A1'.repeat(32) }] };
  before(() => {
    write('one.json', 1, [billing]);
    write('more.json', 2, [{ ...billing, roles: ['orders.read', 'orders.write'] }]);
    write('fewer.json', 3, [{ ...billing, enabled: false }]);
    write('owner.json', 4, [{ ...billing, owner: 'a team' }]);
    write('two.json', 1, [billing, { name: 'old', roles: [], pins: [{ thumbprintSha1: 'B2'.repeat(20) }] }]);
    write('disabled.json', 2, [billing, { name: 'old', roles: [], pins: [{ thumbprintSha1: 'B2'.repeat(20), enabled: false }] }]); // prettier-ignore
    write('same-revision.json', 1, [{ ...billing, owner: 'a team' }]);
    folder.file('bad.json', '{}');
  });
  after(() => {
    folder.remove();
  });

  test('ends with the right exit code for each direction under each --fail-on', async () => {
    const cases: readonly (readonly [string, string, Readonly<Record<string, number>>])[] = [
      ['one.json', 'one.json', { any: 0 }],
      ['one.json', 'more.json', { any: 1, gains: 1, losses: 0, never: 0 }],
      ['one.json', 'fewer.json', { any: 1, gains: 0, losses: 1 }],
      ['one.json', 'owner.json', { any: 0 }],
      // The identity "old" is removed. Perhaps its certificate is that of "billing" too.
      ['two.json', 'one.json', { any: 1, gains: 3, losses: 1, never: 0 }],
      ['one.json', 'two.json', { any: 1, gains: 1, losses: 3, never: 0 }],
      // The new pin is disabled. A caller whose certificate it matches is refused, whatever other pin matches the
      // certificate.
      ['one.json', 'disabled.json', { any: 3, gains: 0, losses: 3 }],
      // The revision falls, so no running app accepts the later document.
      ['owner.json', 'one.json', { any: 1, gains: 0 }],
    ];
    for (const [first, second, expected] of cases) {
      for (const [failOn, code] of Object.entries(expected)) {
        const { exitCode, stderr } = await diff(first, second, '--fail-on', failOn);
        assert.equal(exitCode, code, `${first} ${second} ${failOn} ${stderr}`);
      }
    }
  });

  test('warns about the document whose signature was not verified', async () => {
    folder.file('signed.json', readFileSync(folder.file('more.json'), 'utf8'));
    folder.file('signed.json.sig', 'x');
    const { stdout, stderr } = await diff('one.json', 'signed.json', '--json', '--fail-on', 'never');
    assert.match(
      stderr,
      /^warning The signature of file:signed\.json was not verified\. .*--signed-by FILE --store file:signed\.json\n$/,
    );
    JSON.parse(stdout);
    assert.equal((await diff('one.json', 'more.json', '--fail-on', 'never')).stderr, '');
  });

  test('prints who gains what, as text and as JSON, and accepts a store, a path and standard input alike', async () => {
    const text = await diff('one.json', 'more.json');
    assert.match(text.stdout, /^\+ gains {3}.*billing.*orders\.write/);
    assert.match(text.stdout, /1 gained, 0 lost.*Revision 1 → 2\./);
    const unknown = await diff('two.json', 'one.json');
    assert.match(
      unknown.stdout,
      /^\? cannot tell: Some certificates no longer match a pin or name of "old"\. If one .* of "billing", .*trust explain --certificate FILE --function NAME --store file:one\.json$/m,
    );
    const disabled = await diff('one.json', 'disabled.json');
    assert.match(disabled.stdout, /^\? cannot tell: Some certificates now match a pin or name of "old"\. .* of "billing", the gate may have admitted it before and refuse it now\. /m); // prettier-ignore
    assert.match(
      disabled.stdout,
      /0 gained, 0 lost, 2 changed; the documents do not show whether others gain or lose\. /,
    );
    const fromStdin = await runCertgate(['trust', 'diff', '-', 'file:more.json', '--json'], {
      cwd: folder.path,
      input: readFileSync(folder.file('one.json')),
    });
    const report = JSON.parse(fromStdin.stdout) as {
      gains: boolean;
      loses: boolean;
      changes: readonly { effect: string; identityName: string }[];
    };
    assert.deepEqual([report.gains, report.loses], [true, false]);
    assert.deepEqual(
      report.changes.map(({ effect, identityName }) => `${effect} ${identityName}`),
      ['gains billing'],
    );
    assert.match((await diff('one.json', 'same-revision.json')).stdout, /raise it/);
  });

  test('ends with 2 for an absent or invalid document, two documents from standard input, and a secret in the URL', async () => {
    const secret = 'blob:https://account.blob.core.windows.net/c/trust.json?sv=1&sig=dGVsbA';
    for (const args of [
      ['nowhere.json', 'one.json'],
      ['one.json', 'bad.json'],
      ['-', '-'],
      ['-', 'one.json'],
      ['.', 'one.json'],
      [secret, 'one.json'],
      [secret.slice(5), 'one.json'],
    ]) {
      const { exitCode, stdout, stderr } = await diff(...args);
      assert.equal(exitCode, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /^error /);
      assert.doesNotMatch(stderr, /dGVsbA/);
    }
  });
});
