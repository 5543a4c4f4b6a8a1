import { warnAtStart } from '@certgate/core';

/**
 * With direct-tls, logs if the server's own options keep callers from the gate. A handshake that the server refuses
 * leaves no log line, and the caller only sees that the connection was closed. It reads the members in which Node keeps
 * the options.
 */
export function warnOfTlsOptions(server: unknown): void {
  const { requestCert, rejectUnauthorized, ca } = server as TlsServerMembers;
  if (requestCert !== true) {
    warnAtStart('tls_callers_refused', unaskedDetail);
    return;
  }
  if (rejectUnauthorized === true)
    warnAtStart('tls_callers_refused', ca === undefined ? rejectedDetail : verifiedDetail);
}

interface TlsServerMembers {
  readonly requestCert?: unknown;
  readonly rejectUnauthorized?: unknown;
  readonly ca?: unknown;
}

const remedy =
  'Create it with requestCert: true and rejectUnauthorized: false, so that only the trust document decides.';

const unaskedDetail = `The front end is direct-tls, and the server does not request certificates, so every call of a closed route is refused. ${remedy}`;

const rejectedDetail = `The server has no ca, and rejectUnauthorized is true, its default: it closes the connection of every caller whose certificate no public CA issued, and of those without one, before the gate can decide or log. ${remedy}`;

const verifiedDetail =
  'The server closes the connection of every caller without a certificate of its ca, since rejectUnauthorized is true, its default: before the gate can decide or log, and for anonymous routes too. If that is not meant, set rejectUnauthorized: false.';
