import { readFileSync } from 'node:fs';

/** The version of an installed package, according to the lockfile in this folder. */
export function readVersion(name) {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8'));
  return packages[`node_modules/${name}`].version;
}
