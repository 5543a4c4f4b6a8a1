// A registry on this machine that has the tarballs, and sends npm, pnpm and yarn to the configured registry for any other
// package: what is installed from it is installed as from the npm registry after the release.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readRelease } from './packages.mjs';

/**
 * Serves tarballs until `close()`. A name in the scope of one of them is never asked for at the other registry, whether
 * there is a tarball of it or not: somebody else's package would be installed.
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
    // A package manager that keeps an answer would install the tarball of an earlier run.
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

/** npm takes the address of a registry with and without a slash at its end. */
export function locateInRegistry(path, registry) {
  return new URL(path, registry.replace(/\/?$/, '/')).href;
}

/** For npm, pnpm and yarn in a folder: over what the user's own .npmrc says, such as another registry for the scope. */
export function useRegistry(folder, url) {
  writeFileSync(join(folder, '.npmrc'), `registry=${url}\n${readRelease().scope}:registry=${url}\n`);
}

/** What a registry says of a package ("packument"), as far as package managers need it to install. */
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

/** package/package.json of a tarball: headers of 512 bytes, each before its file, which is padded to blocks of 512. */
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
