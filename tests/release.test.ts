import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './test-support/certgate.js';
import { runNpm } from './test-support/npm.js';

// Tests what `npm run release` refuses, and the registry from which it installs. It does the installs itself.

interface Named {
  readonly name: string;
  readonly version: string;
}

interface Sources {
  readonly findRefusals: (root: string) => readonly string[];
  readonly findStaleReports: (root: string) => readonly string[];
  readonly findTakenNames: (packages: readonly Named[], owner: string, registry: string) => Promise<readonly string[]>;
}

interface Registry {
  readonly serveTarballs: (files: readonly string[], upstream: string) => Promise<{ url: string; close: () => void }>;
  readonly useRegistry: (folder: string, url: string) => void;
}

interface Release {
  readonly owner: string | null;
  readonly repository: string;
}

const load = async (name: string): Promise<unknown> =>
  import(pathToFileURL(join(root, 'scripts', 'release', `${name}.mjs`)).href);
const { findRefusals, findStaleReports, findTakenNames } = (await load('check-sources')) as Sources;
const { serveTarballs, useRegistry } = (await load('registry')) as Registry;

const read = (file: string, of: string = root): string => readFileSync(join(of, file), 'utf8');
const release = JSON.parse(read('release.json')) as Release;
const manifests = ['x509', 'core', 'azure-functions', 'http', 'certgate'].map(
  (name) => `packages/${name}/package.json`,
);

let temporary: string;
/** The folder of sources that can be released. */
let ready: string;

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-release-test-'));
  ready = join(temporary, 'ready');
  for (const file of ['package.json', ...manifests]) cpSync(join(root, file), join(ready, file));
  const { version } = JSON.parse(read('package.json')) as Named;
  writeFileSync(
    join(ready, 'release.json'),
    JSON.stringify({ ...release, owner: 'somebody', securityContact: 'a team', securityAnswerDays: 5 }),
  );
  writeFileSync(join(ready, 'SECURITY.md'), 'A report is answered by a team within 5 days.');
  writeFileSync(
    join(ready, 'CHANGELOG.md'),
    `# Changelog\n\n## [Unreleased]\n\n## [${version}] - 2026-01-31\n\n- One\n`,
  );
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost'];
  const git = (...words: readonly string[]): Buffer => execFileSync('git', [...identity, ...words], { cwd: ready });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Ready');
  git('tag', `v${version}`);
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

describe('release.json', () => {
  it('has the names of the packages, which depend on each other in one version', () => {
    const faults = findRefusals(root).filter((refusal) => refusal.startsWith('packages/'));
    assert.deepEqual(faults, []);
  });

  it('has the address that the schema and the workflows use', () => {
    const { $id } = JSON.parse(read('packages/core/trust.schema.json')) as { readonly $id: string };
    assert.equal($id, `${release.repository}/raw/main/packages/core/trust.schema.json`);
    const slug = new URL(release.repository).pathname.slice(1);
    const files = execFileSync('git', ['ls-files', '*.yml', '*.md', '*.json', '*.ts'], { cwd: root, encoding: 'utf8' });
    const found = files
      .trim()
      .split('\n')
      .flatMap((file) => {
        const text = read(file);
        const uses = [...text.matchAll(/\buses: ([\w-]+\/[\w-]+)[^@\s]*@0{40}/g)];
        const addresses = [...text.matchAll(/\bgithub\.com\/([\w.-]+\/certgate)\b/g)];
        return [...uses, ...addresses].map(([, named = '']) => ({ file, named }));
      });
    assert.ok(found.length > 3);
    assert.deepEqual(
      found.filter(({ named }) => named !== slug),
      [],
    );
  });
});

describe('npm run release', () => {
  it('accepts sources that are ready', () => {
    assert.deepEqual(findRefusals(ready), []);
  });

  const edit = (file: string, from: RegExp | string, to: string) => (): void => {
    const text = read(file, ready);
    assert.notEqual(text.replace(from, to), text);
    writeFileSync(join(ready, file), text.replace(from, to));
  };
  const faults: readonly [string, () => void, RegExp][] = [
    ['a placeholder', edit('release.json', '"somebody"', 'null'), /names no owner\. .*into "owner"/],
    ['no answer to vulnerabilities', edit('release.json', '5', 'null'), /who answers .*"securityAnswerDays"/],
    [
      'a page of security without the days',
      edit('SECURITY.md', '5', 'some'),
      /SECURITY\.md does not name a team and "5 days"/,
    ],
    ['an owner without a name', edit('release.json', '"somebody"', '" "'), /names no owner/],
    [
      'a source that is not committed',
      () => {
        writeFileSync(join(ready, 'packages/x509/more.ts'), '');
      },
      /are not in it\. .*git status lists them/,
    ],
    [
      'a package of another name',
      edit('packages/http/package.json', '@certgate/http', '@other/http'),
      /packages\/http is named @other\/http, and by release\.json @certgate\/http/,
    ],
    [
      'a package that npm could publish unchecked',
      edit('packages/x509/package.json', '"private": true,', ''),
      /packages\/x509 is not private/,
    ],
    [
      'a package of another version',
      edit('packages/x509/package.json', /"version": "[^"]+"/, '"version": "9.9.9"'),
      /packages\/x509 has @certgate\/x509 9\.9\.9, and the workspace is /,
    ],
    [
      'a dependency of another version',
      edit('packages/http/package.json', /"@certgate\/core": "[^"]+"/, '"@certgate/core": "^0.0.1"'),
      /packages\/http has @certgate\/core \^0\.0\.1/,
    ],
    ['a changelog without the version', edit('CHANGELOG.md', / - 2026.*/, ''), /has no section "## \[/],
    [
      'entries that belong to no version',
      edit('CHANGELOG.md', '[Unreleased]\n', '[Unreleased]\n\n### Added\n\n- Two\n'),
      /has entries under Unreleased/,
    ],
    [
      'a tag of another version',
      () => {
        execFileSync('git', ['tag', '--delete', `v${(JSON.parse(read('package.json')) as Named).version}`], {
          cwd: ready,
        });
        execFileSync('git', ['tag', 'v9.9.9'], { cwd: ready });
      },
      /is tagged v9\.9\.9, and the version is /,
    ],
  ];
  for (const [name, spoil, message] of faults) {
    it(`refuses ${name}`, () => {
      const kept = join(temporary, 'kept');
      cpSync(ready, kept, { recursive: true });
      try {
        spoil();
        const refusals = findRefusals(ready);
        assert.ok(
          refusals.some((refusal) => message.test(refusal)),
          refusals.join('\n'),
        );
      } finally {
        rmSync(ready, { recursive: true });
        cpSync(kept, ready, { recursive: true });
      }
    });
  }

  it('refuses an API report that differs from what the build finds', () => {
    assert.deepEqual(findStaleReports(ready), []);
    const folder = join(ready, 'packages/core/api');
    mkdirSync(folder);
    writeFileSync(join(folder, 'index.api.md'), 'old');
    const [refusal = '', ...more] = findStaleReports(ready);
    assert.match(refusal, /^packages\/core\/api\/index\.api\.md is not what the build finds\. Run npm run write/);
    assert.deepEqual(more, []);
  });

  it('refuses files that differ from the commit', () => {
    writeFileSync(join(ready, 'CHANGELOG.md'), `${read('CHANGELOG.md', ready)}\n- Two\n`);
    assert.deepEqual(findRefusals(ready), [
      'Files differ from the commit, or are not in it. Commit, restore or remove them: git status lists them.',
    ]);
    execFileSync('git', ['checkout', '--quiet', 'CHANGELOG.md'], { cwd: ready });
  });
});

describe('the registry on this machine', () => {
  let registry: Awaited<ReturnType<Registry['serveTarballs']>>;
  let file: string;

  before(async () => {
    const folder = join(temporary, 'packed');
    const manifest = { name: '@certgate/one', version: '1.2.3', dependencies: { other: '1.0.0' } };
    mkdirSync(join(folder, 'package'), { recursive: true });
    writeFileSync(join(folder, 'package', 'README.md'), 'x'.repeat(700));
    writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify(manifest));
    file = join(folder, 'one.tgz');
    execFileSync('tar', ['czf', file, 'package/README.md', 'package/package.json'], { cwd: dirname(file) });
    registry = await serveTarballs([file], 'http://registry.invalid/npm');
  });
  after(() => {
    registry.close();
  });

  it('describes a tarball with its hash, and serves its bytes', async () => {
    const described = await fetch(`${registry.url}@certgate%2fone`);
    const { versions } = (await described.json()) as {
      readonly versions: Readonly<
        Record<string, { dependencies: object; dist: { tarball: string; integrity: string } }>
      >;
    };
    const { dependencies, dist } = versions['1.2.3']!;
    assert.deepEqual(dependencies, { other: '1.0.0' });
    const served = Buffer.from(await (await fetch(dist.tarball)).arrayBuffer());
    assert.deepEqual(served, readFileSync(file));
    assert.equal(dist.integrity, `sha512-${createHash('sha512').update(served).digest('base64')}`);
  });

  it('redirects for other packages, but never for one in the scope of a tarball', async () => {
    const other = await fetch(`${registry.url}other`, { redirect: 'manual' });
    assert.deepEqual([other.status, other.headers.get('location')], [302, 'http://registry.invalid/npm/other']);
    assert.equal((await fetch(`${registry.url}@certgate%2ftwo`, { redirect: 'manual' })).status, 404);
  });

  it('is used even if the user has another registry for the scope', async () => {
    const folder = join(temporary, 'app');
    mkdirSync(folder);
    useRegistry(folder, registry.url);
    const userconfig = join(temporary, 'npmrc');
    writeFileSync(userconfig, '@certgate:registry=http://registry.invalid/\n');
    const words = ['view', '@certgate/one', 'version', '--userconfig', userconfig];
    const { exitCode, stdout, stderr } = await runNpm(words, folder);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout.trim(), '1.2.3');
  });

  it('reports names that are taken: by another owner, or in this version', async () => {
    const ask = (name: string, version: string): Promise<readonly string[]> =>
      findTakenNames([{ name, version }], 'somebody', registry.url);
    assert.deepEqual(await ask('@certgate/two', '1.2.3'), []);
    const [other = '', published = '', ...more] = await ask('@certgate/one', '1.2.3');
    assert.match(other, /has a package @certgate\/one that somebody does not maintain/);
    assert.match(published, /@certgate\/one 1\.2\.3 is published already/);
    assert.deepEqual(more, []);
    assert.equal((await ask('@certgate/one', '1.2.4')).length, 1);
  });
});
