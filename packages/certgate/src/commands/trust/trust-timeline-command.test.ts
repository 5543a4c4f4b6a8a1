import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import type { TrustView } from '../../trust/views/page-views.js';
import type { CommandRun } from '../certificate/test-support/run-certgate.js';
import { runLineInProcess } from './test-support/run-in-process.js';

/** The example of docs/trust-administration.md. */
const example = fileURLToPath(new URL('../../../../../../docs/images/', import.meta.url));

describe('certgate trust timeline', () => {
  const folder = createTemporaryFolder();
  before(() => {
    copyFileSync(`${example}trust-timeline.json`, folder.file('trust-timeline.json'));
  });
  after(() => {
    folder.remove();
  });
  const run = (...args: readonly string[]): Promise<CommandRun> =>
    runLineInProcess(
      [
        'trust',
        'timeline',
        ...(args.includes('--store') ? [] : ['--store', 'file:trust-timeline.json']),
        '--at',
        '2027-02-12T09:00:00Z',
        ...args,
      ],
      folder.path,
    );

  it('writes the picture that the docs show', async () => {
    const { exitCode, stdout, stderr } = await run('--output', 'made.svg');
    assert.deepEqual([exitCode, stdout, stderr], [0, '', '']);
    const made = readFileSync(folder.file('made.svg'), 'utf8');
    const shown = readFileSync(`${example}trust-timeline.svg`, 'utf8');
    assert.equal(made, shown, 'docs/images/trust-timeline.svg is not what the command writes; make it again');
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('writes a page, replaces what is there, and prints to standard output', async () => {
    assert.equal((await run('--output', 'page.html')).exitCode, 0);
    assert.match(
      readFileSync(folder.file('page.html'), 'utf8'),
      /^<!doctype html>\n<html lang="en">[^]*<caption>Warnings/,
    );
    assert.equal((await run('--output', 'page.html', '--format', 'svg')).exitCode, 0);
    assert.match(readFileSync(folder.file('page.html'), 'utf8'), /^<svg /);
    const { stdout } = await run('--output', '-');
    assert.equal(stdout, readFileSync(`${example}trust-timeline.svg`, 'utf8'));
    const wide = await run('--output', '-', '--months', '36');
    assert.match(wide.stdout, />2029</);
  });

  it('overwrites neither the trust document nor anything else that is no picture', async () => {
    const before = readFileSync(folder.file('trust-timeline.json'), 'utf8');
    symlinkSync('trust-timeline.json', folder.file('linked.svg'));
    for (const args of [
      ['--output', 'trust-timeline.json', '--format', 'svg'],
      ['--output', 'linked.svg'],
      ['--output', '/dev/null', '--format', 'svg'],
    ]) {
      const { exitCode, stderr } = await run(...args);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /is not overwritten.*--output -/s);
    }
    assert.equal(readFileSync(folder.file('trust-timeline.json'), 'utf8'), before);
    assert.ok(!statSync('/dev/null').isFile());
  });

  it('shows what an authority of your own issued and revoked, from its register', async () => {
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
    const draw = ['trust', 'timeline', '--store', 'file:own.json', '--json'];
    const view = JSON.parse(await line(...draw, '--authority', 'corp')) as TrustView;
    const [, issued, lost] = view.authorities[0]?.windows ?? [];
    assert.deepEqual([issued?.kind, issued?.label, issued?.state], ['issued', 'CN=pinned', 'valid']);
    assert.match(`${lost?.label ?? ''}, ${lost?.state ?? ''}`, /^CN=lost, revoked .*, disabled$/);
    const [window] = view.identities[0]?.windows ?? [];
    assert.deepEqual([window?.from, window?.until], [issued?.from, issued?.until]);
    const without = JSON.parse(await line(...draw)) as TrustView;
    assert.equal(without.identities[0]?.windows[0]?.until, null);
  });

  it('prints the facts as JSON', async () => {
    const { exitCode, stdout } = await run('--json');
    assert.equal(exitCode, 0);
    const { store, revision, at, identities } = JSON.parse(stdout) as TrustView;
    assert.deepEqual([store, revision, at], ['file:trust-timeline.json', 27, '2027-02-12T09:00:00Z']);
    assert.deepEqual(identities[0]?.overlaps, [{ from: '2027-01-27T00:00:00Z', until: '2027-02-24T00:00:00Z' }]);
  });

  it('2: says what is missing or wrong, and writes nothing', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /--output timeline\.svg/],
      [['--output', 'picture.png'], /doesn't tell what to write/],
      [['--output', 'absent/x.svg'], /can't be written/],
      [['--output', 'x.svg', '--months', '0'], /from 1 to 240/],
      [['--output', 'x.svg', '--store', 'file:absent.json'], /There is no trust document/],
      [['--output', 'x.svg', '--certificate-folder', 'absent'], /can't be read/],
      [['--output', 'x.svg', '--authority', 'absent'], /There is no authority absent/],
    ];
    for (const [args, message] of cases) {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.equal(exitCode, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr.replaceAll(/\s+/g, ' '), message);
    }
    assert.equal((await run('--output', '-', '--json')).exitCode, 2);
    assert.ok(!existsSync(folder.file('x.svg')));
  });
});
