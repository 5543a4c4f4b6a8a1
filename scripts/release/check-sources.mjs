// Checks what must be right before anything is packed for a release. Each refusal says what to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { folders, readManifest, readRelease } from './packages.mjs';
import { locateInRegistry } from './registry.mjs';

/** The reasons why the checkout can't be released. This asks no registry; findTakenNames does. */
export function findRefusals(root) {
  const manifests = folders.map((folder) => ({ folder, ...readManifest(folder, root) }));
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  return [
    ...checkOwner(readRelease(root)),
    ...checkSecurityContact(readRelease(root), readFileSync(join(root, 'SECURITY.md'), 'utf8')),
    ...checkNames(manifests, readRelease(root)),
    ...checkVersions(manifests, version),
    ...checkChangelog(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version),
    ...checkGit(root, version),
  ];
}

function checkOwner({ owner, scope, tool, repository }) {
  if (typeof owner === 'string' && /\S/.test(owner)) return [];
  return [
    `release.json names no owner. Nobody is known to own the scope ${scope} and the name ${tool} on the npm registry, or ${repository}. ` +
      'Register them, or choose others (docs/maintaining.md), and write the npm account that maintains the packages into "owner".',
  ];
}

/** Users must know who reads a report of a vulnerability, and in how many days they get an answer. */
function checkSecurityContact({ securityContact: contact, securityAnswerDays: days }, page) {
  if (typeof contact !== 'string' || !/\S/.test(contact) || !Number.isInteger(days) || days < 1)
    return [
      'release.json does not say who answers reports of vulnerabilities ("securityContact"), or in how many days ("securityAnswerDays"). Fill in both (docs/maintaining.md).',
    ];
  return page.includes(contact) && page.includes(`${days} days`)
    ? []
    : [`SECURITY.md does not name ${contact} and "${days} days", as release.json does. Write both there.`];
}

function checkNames(manifests, { scope, tool }) {
  return manifests.flatMap(({ folder, name, private: isPrivate }) => {
    const wanted = folder === 'certgate' ? tool : `${scope}/${folder}`;
    return [
      ...(name === wanted ? [] : [`packages/${folder} is named ${name}, and by release.json ${wanted}. Rename one.`]),
      ...(isPrivate ? [] : [`packages/${folder} is not private: npm could publish it unchecked. Set "private": true.`]),
    ];
  });
}

/** All packages are released together, so each must name exactly this version for itself and for the others. */
function checkVersions(manifests, version) {
  const own = new Set(manifests.map(({ name }) => name));
  const pinned = manifests.flatMap(({ folder, version: of, name, ...kinds }) => [
    [folder, name, of],
    ...['dependencies', 'peerDependencies', 'devDependencies'].flatMap((kind) =>
      Object.entries(kinds[kind] ?? {}).flatMap(([each, range]) => (own.has(each) ? [[folder, each, range]] : [])),
    ),
  ]);
  return pinned
    .filter(([, , each]) => each !== version)
    .map(([folder, name, each]) => `packages/${folder} has ${name} ${each}, and the workspace is ${version}.`);
}

function checkChangelog(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const [unreleased = ''] = sections.filter((section) => section.startsWith('[Unreleased]'));
  const isDated = sections.some((section) => /^\[([^\]]+)\] - \d{4}-\d\d-\d\d$/m.exec(section)?.[1] === version);
  return [
    ...(isDated
      ? []
      : [`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD". Give it the entries of Unreleased.`]),
    ...(/^\S/m.test(unreleased.replace(/^.*\n/, ''))
      ? ['CHANGELOG.md has entries under Unreleased, which would be released. Move them to the section of the version.']
      : []),
  ];
}

/** The committed API reports that differ from those of the build. */
export function findStaleReports(root) {
  return folders.flatMap((folder) => {
    const [built, committed] = ['dist/api', 'api'].map((path) => join(root, 'packages', folder, path));
    const list = (of) => (existsSync(of) ? readdirSync(of).filter((file) => file.endsWith('.api.md')) : []);
    const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
    return [...new Set([...list(built), ...list(committed)])]
      .filter((file) => read(join(built, file)) !== read(join(committed, file)))
      .map((file) => `packages/${folder}/api/${file} is not what the build finds. Run npm run write, and commit it.`);
  });
}

function checkGit(root, version) {
  const git = (...words) => spawnSync('git', words, { cwd: root, encoding: 'utf8' });
  // A source that is not committed would be built and packed as well.
  const status = git('status', '--porcelain');
  if (status.status !== 0) return ['git cannot tell what was changed here. Release from a clone of the repository.'];
  const tags = git('tag', '--points-at', 'HEAD', 'v*').stdout.split('\n').filter(Boolean);
  return [
    ...(status.stdout === ''
      ? []
      : ['Files differ from the commit, or are not in it. Commit, restore or remove them: git status lists them.']),
    ...(tags.length === 0 || tags.includes(`v${version}`)
      ? []
      : [`The commit is tagged ${tags.join(', ')}, and the version is ${version}. Correct the tag or the version.`]),
  ];
}

/** The names that the registry already has: in this version, or as a package that the owner does not maintain. */
export async function findTakenNames(packages, owner, registry) {
  const found = await Promise.all(
    packages.map(async ({ name, version }) => {
      const response = await fetch(locateInRegistry(name.replace('/', '%2f'), registry));
      if (response.status === 404) return [];
      if (!response.ok) return [`The registry does not say whether it has ${name}: its answer is ${response.status}.`];
      const { versions = {}, maintainers = [] } = await response.json();
      return [
        ...(maintainers.some((each) => each.name === owner)
          ? []
          : [`The registry has a package ${name} that ${owner} does not maintain. Choose another name.`]),
        ...(version in versions ? [`${name} ${version} is published already. Raise the version.`] : []),
      ];
    }),
  );
  return found.flat();
}
