// Lists what a package contains and depends on, as a CycloneDX document. The dependencies are those that the registry
// gives on that day.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { expectProgram } from './cells.mjs';
import { findNpm, root } from './packages.mjs';
import { readPackedManifest, useRegistry } from './registry.mjs';

const require = createRequire(import.meta.url);

/**
 * Writes NAME-VERSION.cdx.json next to the tarball. @returns the number of its components. The same tarball and the
 * same dependencies give the same bytes, because the time is the commit's, and the serial number is made from the
 * content.
 */
export async function writeSbom({ folder, name, file }, registry, temporary, commitTime) {
  const place = join(temporary, `sbom-${folder}`);
  mkdirSync(place);
  useRegistry(place, registry);
  const bytes = readFileSync(file);
  const { devDependencies: _, ...manifest } = readPackedManifest(bytes);
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  const npm = (...words) =>
    expectProgram(process.execPath, [findNpm(), ...words, '--package-lock-only'], {
      cwd: place,
    });
  await npm('install', '--omit-lockfile-registry-resolved', '--no-audit', '--no-fund', '--prefer-offline');
  const kind = manifest.bin === undefined ? 'library' : 'application';
  const made = JSON.parse(await npm('sbom', '--sbom-format', 'cyclonedx', '--sbom-type', kind));
  made.metadata.timestamp = commitTime;
  const { component } = made.metadata;
  // npm would use the name of the folder.
  component.name = name;
  component.hashes = [{ alg: 'SHA-512', content: createHash('sha512').update(bytes).digest('hex') }];
  if (folder === 'certgate') made.components.push(...listPageComponents());
  delete made.serialNumber;
  const [a, b, c, d, e] = /(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(hash(made)).slice(1);
  const sbom = { ...made, serialNumber: `urn:uuid:${a}-${b}-8${c}-8${d}-${e}` };
  const text = `${JSON.stringify(sbom, null, 2)}\n`;
  await validate(text);
  writeFileSync(join(dirname(file), `${basename(file, '.tgz')}.cdx.json`), text);
  return `${made.components.length} components, valid CycloneDX ${made.specVersion}`;
}

function hash(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** The packages that the build bundles into the inspector's page, which npm doesn't know. */
function listPageComponents() {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'packages/inspector/package.json'), 'utf8'));
  return Object.entries(devDependencies).map(([name, version]) => ({
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    scope: 'required',
    description: 'Bundled into dist/inspector-page.',
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ license: { id: require(`${name}/package.json`).license } }],
  }));
}

async function validate(text) {
  const { Spec, Validation } = require('@cyclonedx/cyclonedx-library');
  const fault = await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text);
  if (fault !== null) throw new Error(`npm sbom wrote no valid CycloneDX: ${JSON.stringify(fault).slice(0, 2000)}`);
}
