import { frontEndOverride } from '@certgate/core';

// A file of its own: an entry that named the deprecated constant would be an error of the linter.

/**
 * The only way around a front end that is not known or not proven: `createGate({ trustStore, [this]: true })`. A symbol, so
 * that no configuration file can say it.
 *
 * @deprecated Dangerous: whoever reaches the app can then claim any certificate. Only where nobody else can reach it.
 */
export const unsafeTrustCertificateHeaderFromAnywhere: typeof frontEndOverride = frontEndOverride;
