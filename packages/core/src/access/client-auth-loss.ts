import type { ClientCertificate } from '@certgate/x509';
import { clientAuthentication } from '@certgate/x509/internal';
import { type ClientAuthLoss, judgeClientAuthLoss } from './client-auth.js';

/** The result for each certificate, so that a certificate is judged only once. Null if nothing shows a loss. */
const losses = new WeakMap<ClientCertificate, ClientAuthLoss | null>();

/**
 * What shows that the certificate of an admitted caller may lose clientAuth when it is renewed. Undefined if nothing
 * shows it.
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
 * Whether the certificate has serverAuth and clientAuth, or has no extended key usage. Only such certificates are
 * judged further.
 */
function isForBoth({ extendedKeyUsage }: ClientCertificate): boolean {
  return (
    extendedKeyUsage === undefined ||
    (extendedKeyUsage.includes(serverAuthentication) && extendedKeyUsage.includes(clientAuthentication))
  );
}
