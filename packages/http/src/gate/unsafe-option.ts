import { frontEndOverride } from '@certgate/core';

// In a file of its own, because an entry that names the deprecated constant would be an error of the linter.

/**
 * The way to use a certificate header without a known and proven front end: `createGate({ trustStore, [this]: true })`.
 * It is a symbol, so that no configuration file can set it.
 *
 * @deprecated Dangerous: whoever reaches the app can then claim any certificate. Use it only if nobody else can reach
 * the app.
 */
export const unsafeTrustCertificateHeaderFromAnywhere: typeof frontEndOverride = frontEndOverride;
