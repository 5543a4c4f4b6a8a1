import { CertgateError } from '@certgate/x509/internal';

/**
 * Thrown by an adapter's `getClientIdentity` where nobody was authenticated: a mistake in the app's code, not the caller's.
 * Told by its `code`, since two copies of a package in one app have a class each.
 */
export class ClientIdentityMissing extends CertgateError {
  override readonly name = 'ClientIdentityMissing';
  declare readonly code: 'CERTGATE_CLIENT_IDENTITY_MISSING';

  constructor(message: string) {
    super('CERTGATE_CLIENT_IDENTITY_MISSING', message);
  }
}
