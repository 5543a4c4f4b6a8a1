// Starts a registry on this machine that has the tarballs, and redirects npm, pnpm and yarn to the configured registry
// for every other package. An installation from it is like one from the npm registry after the release.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readRelease } from './packages.mjs';

/**
 * Serves tarballs until `close()`. For a name in the scope of one of them, the other registry must never be asked, even
 * if there is no tarball with that name, because a package by somebody else could be installed.
 */
export async function serveTarballs(files, upstream) {
  const tarballs = files.map((file) => {
    const bytes = readFileSync(file);
    return { bytes, manifest: readPackedManifest(bytes), path: `/-/tarballs/${basename(file)}` };
  });
  const scopes = new Set(tarballs.flatMap(({ manifest: { name } }) => /^@[^/]+\//.exec(name) ?? []));
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://localhost').pathname;
    const name = decodeURIComponent(path.slice(1));
    const tarball = tarballs.find((each) => each.path === path);
    const named = tarballs.find(({ manifest }) => manifest.name === name);
    // A package manager that caches an answer would install the tarball of an earlier run.
    response.setHeader('Cache-Control', 'no-store');
    if (tarball !== undefined) response.end(tarball.bytes);
    else if (named !== undefined) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(describePackage(named, `http://${request.headers.host}`)));
    } else if ([...scopes].some((scope) => name.startsWith(scope))) response.writeHead(404).end('{}');
    else response.writeHead(302, { Location: locateInRegistry(path.slice(1), upstream) }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The address of a path in a registry. npm accepts the registry's address with and without a slash at its end. */
export function locateInRegistry(path, registry) {
  return new URL(path, registry.replace(/\/?$/, '/')).href;
}

/**
 * Makes npm, pnpm and yarn use this registry in a folder. This overrides the user's own .npmrc, such as another
 * registry for the scope.
 */
export function useRegistry(folder, url) {
  writeFileSync(join(folder, '.npmrc'), `registry=${url}\n${readRelease().scope}:registry=${url}\n`);
}

/** The registry's description of a package ("packument"), with what package managers need to install it. */
function describePackage({ bytes, manifest, path }, origin) {
  const hash = (algorithm, encoding) => createHash(algorithm).update(bytes).digest(encoding);
  const dist = {
    tarball: `${origin}${path}`,
    integrity: `sha512-${hash('sha512', 'base64')}`,
    shasum: hash('sha1', 'hex'),
  };
  const { name, version } = manifest;
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

/**
 * Reads package/package.json from a tarball. A tarball has a header of 512 bytes before each file, and the file is
 * padded to a multiple of 512 bytes.
 */
export function readPackedManifest(bytes) {
  const tar = gunzipSync(bytes);
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const name = tar.toString('utf8', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    const start = at + 512;
    if (name === 'package/package.json') return JSON.parse(tar.toString('utf8', start, start + size));
    at = start + Math.ceil(size / 512) * 512;
  }
  throw new Error('A tarball has no package/package.json.');
}
