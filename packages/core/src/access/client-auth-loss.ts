import type { ClientCertificate } from '@certgate/x509';
import { clientAuthentication } from '@certgate/x509/internal';
import { type ClientAuthLoss, judgeClientAuthLoss } from './client-auth.js';

/** By certificate: each is judged once. Null: it loses nothing. */
const losses = new WeakMap<ClientCertificate, ClientAuthLoss | null>();

/** Whether the certificate of an admitted caller will lose clientAuth when it is renewed; undefined: it won't. */
export function findClientAuthLoss(certificate: ClientCertificate): ClientAuthLoss | undefined {
  const known = losses.get(certificate);
  if (known !== undefined) return known ?? undefined;
  const loss = isForBoth(certificate) ? judgeClientAuthLoss(certificate) : undefined;
  losses.set(certificate, loss ?? null);
  return loss;
}

const serverAuthentication = '1.3.6.1.5.5.7.3.1';

/** By its usages alone: an app whose callers have certificates for clients alone loads nothing more for them. */
function isForBoth({ extendedKeyUsage }: ClientCertificate): boolean {
  return (
    extendedKeyUsage === undefined ||
    (extendedKeyUsage.includes(serverAuthentication) && extendedKeyUsage.includes(clientAuthentication))
  );
}
