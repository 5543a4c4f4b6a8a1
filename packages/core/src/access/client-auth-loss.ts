import type { ClientCertificate } from '@certgate/x509';
import { clientAuthentication } from '@certgate/x509/internal';
import { type ClientAuthLoss, judgeClientAuthLoss } from './client-auth.js';

/** The loss of each certificate, so that a certificate is judged only once. Null if the certificate loses nothing. */
const losses = new WeakMap<ClientCertificate, ClientAuthLoss | null>();

/**
 * What shows that the certificate of an admitted caller will lose clientAuth when it is renewed. Undefined if it won't.
 */
export function findClientAuthLoss(certificate: ClientCertificate): ClientAuthLoss | undefined {
  const known = losses.get(certificate);
  if (known !== undefined) return known ?? undefined;
  const loss = isForBoth(certificate) ? judgeClientAuthLoss(certificate) : undefined;
  losses.set(certificate, loss ?? null);
  return loss;
}

const serverAuthentication = '1.3.6.1.5.5.7.3.1';

/**
 * Whether the certificate is both for servers and for clients. This looks only at the usages, so that an app whose
 * callers have client certificates never loads the code that judges the issuer.
 */
function isForBoth({ extendedKeyUsage }: ClientCertificate): boolean {
  return (
    extendedKeyUsage === undefined ||
    (extendedKeyUsage.includes(serverAuthentication) && extendedKeyUsage.includes(clientAuthentication))
  );
}
