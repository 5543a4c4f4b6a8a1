import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createFileLocation } from '../location/file-location.js';
import { createSigningKey } from '../signing/signing-key.js';
import { updateTrustDocument } from '../update-trust-document.js';

/**
 * A process that makes a signed change and kills itself just before its first or second file move, as MOVE says (1 or
 * 2): node killed-writer.js PATH KEY MOVE.
 */
const [, , path = '', key = '', move = '1'] = process.argv;
const { rename } = promises;
let moves = 0;
Object.assign(promises, {
  rename: async (...args: Parameters<typeof rename>): Promise<void> => {
    moves += 1;
    if (moves === Number(move)) process.kill(process.pid, 'SIGKILL');
    await rename(...args);
  },
});
syncBuiltinESMExports();
const signingKey = createSigningKey(createPrivateKey(readFileSync(key)), key);
await updateTrustDocument(
  createFileLocation(path),
  { verb: 'add', by: 'test', reason: 'test', signingKey },
  (document) => ({ ...document, identities: [...document.identities, { name: 'late', roles: [] }] }),
);
