import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  collect,
  type Ended,
  root,
  runCertgate,
  runCertgateHere,
  sampleFolder,
  startCertgate,
} from './test-support/certgate.js';
import { makeOpensslCertificate, openssl } from './test-support/openssl.js';

// Each bad input must lead to one clear line that says what to do, to a non-zero exit code, and to no half-written
// file.
describe('the command line refuses', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-cli-'));
    writeFileSync(join(folder, 'right.txt'), 'right\n');
    writeFileSync(join(folder, 'wrong.txt'), 'wrong\n');
    const { certificateFile, keyFile } = makeOpensslCertificate(folder, 'client', 'ec');
    const pass = ['-passout', 'file:right.txt', '-out', 'client.pfx'];
    openssl(['pkcs12', '-export', '-in', certificateFile, '-inkey', keyFile, ...pass], folder);
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const expectOneClearLine = ({ exitCode, stdout, stderr }: Ended, what: RegExp, code = 2): void => {
    assert.equal(exitCode, code, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, what);
    assert.match(stderr, /^error /);
    assert.ok(stderr.trim().split('\n').length <= 3, stderr);
    assert.doesNotMatch(stderr, /\n\s+at /, 'a stack is not a message');
  };

  const url = 'https://localhost:1/api/x';

  // The tests of the file readers cover what a file must not be.
  it('a wrong password, in a process of its own', async () => {
    const args = ['call', url, '--certificate', 'client.pfx', '--password-file', 'wrong.txt'];
    expectOneClearLine(await runCertgate(args, { cwd: folder }), /password/i);
  });

  describe('for an app folder,', () => {
    const makeApp = (name: string, files: Readonly<Record<string, string>>): string => {
      const app = join(folder, name);
      mkdirSync(app);
      symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'), 'junction');
      for (const [file, content] of Object.entries(files)) writeFileSync(join(app, file), content);
      return app;
    };
    const dev = (app: string, ...more: string[]): Promise<Ended> => runCertgateHere(['dev', app, '--once', ...more]);
    it('an --upstream that is more than a port of this machine, as func start prints it', async () => {
      for (const upstream of [
        'http://localhost:7071/api/Orders',
        'http://example.com:7071',
        'https://localhost:7071',
      ]) {
        const { exitCode, stderr } = await runCertgateHere(['dev', folder, '--upstream', upstream]);
        assert.deepEqual([exitCode, /this machine with a port.*like http:/.test(stderr)], [2, true], stderr);
      }
    });
    it('an --exclude value that is not a path', async () => {
      const app = makeApp('exclude', {});
      expectOneClearLine(await dev(app, '--exclude', 'api'), /--exclude names "api", which is not a path/);
    });
    it('flags that would have no effect', async () => {
      const app = makeApp('idle', {});
      expectOneClearLine(await runCertgateHere(['dev', app, '--call', 'X']), /--call names functions for a check/);
      const url = 'http://localhost:7071';
      for (const [flags, message] of [
        [['--once', '--json-log'], /'--json-log' cannot be used with option '--once'/],
        [['--once', '--inspector-port', '0'], /'--inspector-port <port>' cannot be used with option '--once'/],
        [['--no-inspector', '--inspector-port', '0'], /cannot be used with option '--no-inspector'/],
        [['--upstream', url, '--check'], /'--upstream <url>' cannot be used with option '--check'/],
        [['--upstream', url, '--inspect'], /'--upstream <url>' cannot be used with option '--inspect/],
      ] as const) {
        const { exitCode, stderr } = await runCertgateHere(['dev', app, ...flags]);
        assert.deepEqual([exitCode, message.test(stderr)], [2, true], stderr);
      }
    });

    it('a missing package.json, and leaves nothing behind', async () => {
      const app = makeApp('bare', {});
      expectOneClearLine(await dev(app), /no package\.json/);
      assert.ok(!existsSync(join(app, '.certgate')));
    });
    it('a trust document that does not exist', async () => {
      expectOneClearLine(await dev(sampleFolder, '--trust', join(folder, 'nowhere.json')), /no trust document at/);
      expectOneClearLine(await dev(sampleFolder, '--trust', folder), /is not a file/);
    });
    it('an invalid trust document', async () => {
      const trust = join(folder, 'bad-trust.json');
      writeFileSync(trust, '{"schemaVersion":1,"revision":1,"identities":[],"identites":[]}');
      expectOneClearLine(await dev(sampleFolder, '--trust', trust), /identites/);
    });
  });

  it('a requested port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expectOneClearLine(
        await runCertgateHere(['gateway', '--upstream', 'http://localhost:7071', '--port', String(port)]),
        /taken/,
      );
      expectOneClearLine(await runCertgateHere(['dev', sampleFolder, '--once', '--host-port', String(port)]), /taken/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('an unknown option, verb or value', async () => {
    for (const [args, message] of [
      [['dev', '--nonsense'], /certgate dev has no option --nonsense\. Its options are --trust, .*--worst-case\.\n/],
      [['certificate', 'creat'], /certgate certificate has no command creat\. Did you mean create\?/],
      // The error names the unknown command. The help of the program would hide the mistake.
      [['nonsense', '--help'], /certgate has no command nonsense\. There are init, dev/],
      // The error names the unknown option, not the missing --store.
      [['trust', 'sign', '--key', 'x'], /certgate trust sign has no option --key\. Did you mean --signing-key\?/],
      [['trust', 'list', '--stor', 'x'], /certgate trust list has no option --stor\. Did you mean --store\?/],
      [['call', url, '--cert', 'x.pem'], /certgate call has no option --cert\. Did you mean --certificate\?/],
      [
        ['trust', 'explain', 'a b.pem', '--function', 'F', '--store', 'x'],
        /takes no argument "a b\.pem"\. If it is a file: --certificate "a b\.pem"\n/,
      ],
      [['trust', 'lock', 'x', '--store', 'y'], /certgate trust lock takes no argument "x"\. Write a value after/],
      [['trust', 'list', 'x', '--pin', 'CA06F56B', '--store', 'y'], /so none may be named/],
      [['trust', 'show', 'x'], /certgate trust has no command show\. .*: certgate trust list NAME\n/],
      [['trust', 'explain', '--thumbprint', 'x'], /has no option --thumbprint\. .*: certgate trust list --pin HEX\n/],
      [['trust', 'rotate', '--from', 'renewed'], /no option --from\. Rotate each file in a loop/],
      [
        ['trust', 'import', '--without-revocation'],
        /has no option --without-revocation\. docs\/from-pins-to-a-ca\.md finds the thumbprints/,
      ],
      [['trust', 'import', '--name-prefix', 'x'], /has no option --name-prefix\. Give each its name: a line NAME=/],
      [['trust', 'log', '--all'], /has no option --all\. Attempts that were not applied are always shown\./],
      [['certificate', 'verify', 'x', '--max-intermediates', '1'], /no option --max-intermediates\. Gates allow ten; /],
      [['certificate', 'issue', 'x', '--organization', 'y'], /no option --organization\. The subject is the common /],
      [
        ['certificate', 'issue', 'x', '--organizational-unit', 'y'],
        /no option --organizational-unit\. .* bind a --dns/,
      ],
      [
        ['trust', 'usage', '--workspace', 'x'],
        /no option --workspace\. Pass the result of the query of --print-query: az/,
      ],
      [['gateway', '--upstream', 'ftp://x'], /http:\/\/localhost:7071/],
      [['dev', '--mode', 'open'], /Allowed choices/],
      [['dev', '--port', '70000'], /0 to 65535/],
      [
        ['fleet', '--log', 'x'],
        /certgate has no command fleet\. Whether a document has arrived: certgate trust arrived\. /,
      ],
      [
        ['trust', 'diff', 'a', 'b', '--replay'],
        /trust diff has no option --replay\. What callers would lose that they use: /,
      ],
      [
        ['trust', 'diff', 'a', 'b', '--fail-on', 'possible-gains'],
        /'possible-gains' is invalid\. .* --fail-on gains ends with exit code 3 if /,
      ],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCertgateHere(args);
      assert.equal(exitCode, 2, args.join(' '));
      assert.equal(stdout, '', args.join(' '));
      assert.match(stderr, message);
    }
  });

  it("a missing --store, and suggests the one that the app's settings name", async () => {
    const app = join(folder, 'with-settings');
    mkdirSync(app, { recursive: true });
    for (const [named, expected] of [
      [
        'file:my trust.json',
        /specified\. local\.settings\.json here has CERTGATE_TRUST: --store "file:my trust\.json"\n/,
      ],
      // The message must not contain the secret in the address.
      ['https://a.example/t.json?sig=secret', /has CERTGATE_TRUST: set the environment variable to the same value\.\n/],
      [
        'https://user:secret@a.example/t.json',
        /has CERTGATE_TRUST: set the environment variable to the same value\.\n/,
      ],
      ['', /specified\. It says where the trust document is/],
    ] as const) {
      writeFileSync(join(app, 'local.settings.json'), JSON.stringify({ Values: { CERTGATE_TRUST: named } }));
      const { exitCode, stderr } = await runCertgateHere(['trust', 'list'], app);
      assert.equal(exitCode, 2);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /secret/);
    }
  });

  it('bad input with --json by printing one JSON object on stdout', async () => {
    const { exitCode, stdout } = await runCertgateHere(['dev', join(folder, 'nothing'), '--once', '--json']);
    assert.equal(exitCode, 2);
    const { error } = JSON.parse(stdout) as { error: { message: string; remedy: string | null } };
    assert.match(error.message, /does not exist/);
  });

  it('to run without one of its own packages', async () => {
    const toUrl = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
    const resolve = `(name, ...more) => { if (name === "picocolors") throw new Error("no picocolors"); return more[1](name, more[0]); }`;
    const hooks = JSON.stringify(toUrl(`export const resolve = ${resolve};`));
    const registration = toUrl(`import { register } from "node:module"; register(${hooks});`);
    const child = startCertgate(['trust', 'lock', '--store', 'absent.json', '--reason', 'x'], {
      env: { NODE_OPTIONS: `--import=${registration}` },
    });
    expectOneClearLine(await collect(child), /no picocolors/, 1);
  });
});
