import { createRequire } from 'node:module';
import type * as pathValidation from '@certgate/x509/path';

// `scripts/bundle.mjs` takes this line out of what apps load: there, `require` is that of a CommonJS file.
const require = createRequire(import.meta.url);

/**
 * Path validation, revocation included, loaded with its first use: an app without authorities never pays for it. Not by
 * `import()`, which answers later, and `trustStoreFromDocument` throws at once; Jest refuses it besides. The name is
 * written out, so that a bundler that makes one file of an app finds it.
 */
export function loadPathValidation(): typeof pathValidation {
  return require('@certgate/x509/path') as typeof pathValidation;
}
