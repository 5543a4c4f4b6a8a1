import { createRequire } from 'node:module';
import { CertgateError } from '@certgate/x509/internal';
import type * as pathValidation from '@certgate/x509/path';

// `scripts/bundle.mjs` removes this line from what apps load, because a CommonJS file has a `require` of its own.
const require = createRequire(import.meta.url);

/** The loaded module is kept, because `require` may look for the file again in each call. */
let loaded: typeof pathValidation | undefined;

/**
 * Loads path validation, revocation included, when it is first used, so that an app without authorities never loads it.
 * `import()` would not do: it answers later, but `trustStoreFromDocument` must throw at once, and Jest refuses it. The
 * module's name is written as a literal so that a bundler that makes one file of an app finds it.
 *
 * @throws {CertgateError} if the module is missing: a bundle may leave it out, and the first authority may come with a
 * later document.
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
