import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import type { TrustView } from '../../trust/views/page-views.js';
import type { CommandRun } from '../certificate/test-support/run-certgate.js';
import { runLineInProcess } from './test-support/run-in-process.js';

const pin = (digit: string, notBefore: string, notAfter: string): object => ({
  thumbprintSha256: digit.repeat(64),
  notBefore: `${notBefore}T00:00:00Z`,
  notAfter: `${notAfter}T00:00:00Z`,
});

describe('certgate trust view --json', () => {
  const folder = createTemporaryFolder();
  before(() => {
    const pins = [pin('A', '2026-02-10', '2027-02-24'), pin('B', '2027-01-27', '2028-02-10')];
    const identities = [{ name: 'billing', roles: [], pins }];
    folder.file('trust.json', JSON.stringify({ schemaVersion: 1, revision: 27, identities }));
  });
  after(() => {
    folder.remove();
  });
  const run = (...args: readonly string[]): Promise<CommandRun> =>
    runLineInProcess(['trust', 'view', ...args], folder.path);
  const print = async (...args: readonly string[]): Promise<TrustView> => {
    const { exitCode, stdout, stderr } = await run(...args, '--json');
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as TrustView;
  };

  it('prints windows, overlaps, the coming gap and warnings at a given time', async () => {
    const view = await print('--store', 'file:trust.json', '--at', '2027-02-12T09:00:00Z');
    const { store, revision, at, identities, warnings } = view;
    assert.deepEqual([store, revision, at, warnings], ['file:trust.json', 27, '2027-02-12T09:00:00Z', []]);
    assert.deepEqual(identities[0]?.windows.map(({ state }) => state), ['ending', 'valid']); // prettier-ignore
    const later = await print('--store', 'file:trust.json', '--at', '2028-02-01T00:00:00Z');
    assert.deepEqual(later.warnings.map(({ code }) => code), ['pin_ended', 'pin_ends_soon']); // prettier-ignore
  });

  it("has what the user's own authority issued and revoked, from its register", async () => {
    folder.file('password', 'a password of its own\n');
    const line = async (...args: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await runLineInProcess(args, folder.path);
      assert.equal(exitCode, 0, stderr);
      return stdout;
    };
    const password = ['--authority-password-file', 'password'];
    await line('authority', 'create', 'corp', ...password);
    for (const name of ['pinned', 'lost'])
      await line('certificate', 'issue', name, '--authority', 'corp', '--no-pfx', '--pem', '--days', '60', ...password);
    await line('authority', 'revoke', 'corp', 'lost.crt.pem', '--reason', 'keyCompromise', ...password);
    const { thumbprintSha256 } = (
      JSON.parse(await line('certificate', 'inspect', 'pinned.crt.pem', '--json')) as {
        readonly certificate: { readonly thumbprintSha256: string };
      }
    ).certificate;
    const root = readFileSync(folder.file('.certgate/authorities/corp/corp.crt.pem'), 'utf8');
    const authorities = [{ name: 'corp', trustAnchors: [root] }];
    const identities = [{ name: 'pinned', roles: [], pins: [{ thumbprintSha256 }] }];
    folder.file('own.json', JSON.stringify({ schemaVersion: 1, revision: 1, authorities, identities }));
    const view = await print('--store', 'file:own.json', '--authority', 'corp');
    const [, issued, lost] = view.authorities[0]?.windows ?? [];
    assert.deepEqual([issued?.kind, issued?.label, issued?.state], ['issued', 'CN=pinned', 'valid']);
    assert.match(`${lost?.label ?? ''}, ${lost?.state ?? ''}`, /^CN=lost, revoked .*, disabled$/);
    const [window] = view.identities[0]?.windows ?? [];
    assert.deepEqual([window?.from, window?.until], [issued?.from, issued?.until]);
    const without = await print('--store', 'file:own.json');
    assert.equal(without.identities[0]?.windows[0]?.until, null);
  });

  it('names a file that is not a certificate', async () => {
    mkdirSync(folder.file('certificates'));
    folder.file('certificates/notes.pem', 'no certificate\n');
    const { stderr } = await run('--store', 'file:trust.json', '--certificate-folder', 'certificates', '--json');
    assert.match(stderr, /notes\.pem contains no certificate/);
  });

  it('ends with 2, and says what is missing or wrong', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--store', 'file:absent.json'], /There is no trust document/],
      [['--store', 'file:trust.json', '--certificate-folder', 'absent'], /can't be read/],
      [['--store', 'file:trust.json', '--authority', 'absent'], /There is no authority absent/],
      [['--store', 'file:trust.json', '--inspector-port', '0'], /cannot be used with option '--inspector-port/],
    ];
    for (const [args, message] of cases) {
      const { exitCode, stdout, stderr } = await run(...args, '--json');
      assert.equal(exitCode, 2, args.join(' '));
      assert.match(`${stdout} ${stderr}`, message);
    }
  });
});
