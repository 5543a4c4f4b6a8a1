import { createRequire } from 'node:module';
import { CertgateError } from '@certgate/x509/internal';
import type * as pathValidation from '@certgate/x509/path';

// `scripts/bundle.mjs` takes this line out of what apps load: there, `require` is that of a CommonJS file.
const require = createRequire(import.meta.url);

/** Kept, since `require` may look for the file again in each call. */
let loaded: typeof pathValidation | undefined;

/**
 * Path validation, revocation included, loaded with its first use: an app without authorities never pays for it. Not by
 * `import()`, which answers later, and `trustStoreFromDocument` throws at once; Jest refuses it besides. The name is
 * written out, so that a bundler that makes one file of an app finds it.
 *
 * @throws {CertgateError} where it is absent: a bundle may leave it out, and the first authority comes with a later document.
 */
export function loadPathValidation(): typeof pathValidation {
  try {
    return (loaded ??= require('@certgate/x509/path') as typeof pathValidation);
  } catch (cause) {
    const [reason] = String(cause).split('\n', 1);
    const detail = `A trust document with authorities needs @certgate/x509/path, which can't be loaded (${reason ?? ''}). Deploy @certgate/core and @certgate/x509 with all their files, or let the bundler take them in.`;
    throw new CertgateError('CERTGATE_PATH_VALIDATION_MISSING', detail, { cause });
  }
}
