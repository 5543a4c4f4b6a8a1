// `npm run decision:vectors` writes vectors.json from the reference, over the certificates and lists that are in it.
// With `-- --new-material` it has openssl make those anew, with keys that nobody keeps.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { makeMaterial, type Material } from './make-material.js';
import { writeVectors } from './vectors.js';

const file = new URL('../../vectors/vectors.json', import.meta.url);
const isNew = process.argv.includes('--new-material') || !existsSync(file);
const material = isNew ? makeMaterial() : (JSON.parse(readFileSync(file, 'utf8')) as Material);
const written = writeVectors(material);
writeFileSync(file, `${JSON.stringify(written, undefined, 1)}\n`);
console.log(`${written.vectors.length} vectors`);
