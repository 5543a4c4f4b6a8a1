import { CertgateError } from '@certgate/x509/internal';

/**
 * Thrown by an adapter's `getClientIdentity` if nobody was authenticated, which is a mistake in the app's code, not the
 * caller's. Recognise it by its `code`, because two copies of a package in one app have a class each.
 */
export class ClientIdentityMissing extends CertgateError {
  override readonly name = 'ClientIdentityMissing';
  declare readonly code: 'CERTGATE_CLIENT_IDENTITY_MISSING';

  constructor(message: string) {
    super('CERTGATE_CLIENT_IDENTITY_MISSING', message);
  }
}
