// `npm run write -- vectors` writes vectors.json from the reference, with the certificates and lists that the file
// contains. With `-- --new-material`, openssl makes those anew, with keys that are not kept; with
// `-- --new-material field`, only those of make-field-material.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deriveCertificates, makeFieldMaterial } from './make-field-material.js';
import { makeMaterial, type Material } from './make-material.js';
import { writeCodes } from './written-codes.js';
import { writeVectors } from './vectors.js';

const file = new URL('../../vectors/vectors.json', import.meta.url);
const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Material) : undefined;
const material = readMaterial();
const certificates = { ...material.certificates, ...deriveCertificates(material.certificates) };
const written = writeVectors({ ...material, certificates });
writeFileSync(file, `${JSON.stringify(written, undefined, 1)}\n`);
writeCodes();
console.log(`${written.vectors.length} vectors`);

function readMaterial(): Material {
  const isNew = process.argv.includes('--new-material');
  if (known !== undefined && !isNew) return known;
  const corp = known !== undefined && process.argv.includes('field') ? known : makeMaterial();
  const field = makeFieldMaterial();
  return {
    ...field,
    certificates: { ...corp.certificates, ...field.certificates },
    lists: { ...corp.lists, ...field.lists },
  };
}
