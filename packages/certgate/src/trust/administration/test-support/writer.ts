import { createHash } from 'node:crypto';
import { createFileLocation } from '../location/file-location.js';
import { updateTrustDocument } from '../update-trust-document.js';

/** A separate process that adds `count` identities, one by one: node writer.js PATH NAME COUNT. */
const [, , path = '', name = '', count = '1'] = process.argv;
const location = createFileLocation(path);
process.stdout.write('started\n');
for (let index = 0; index < Number(count); index += 1) {
  const identity = {
    name: `${name}-${index}`,
    roles: [],
    pins: [{ thumbprintSha256: createHash('sha256').update(`${name}-${index}`).digest('hex') }],
  };
  await updateTrustDocument(location, { verb: 'add', by: name, reason: 'test' }, (document) => ({
    ...document,
    identities: [...document.identities, identity],
  }));
}
