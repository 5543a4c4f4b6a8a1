import { id_kp_serverAuth } from '@peculiar/asn1-x509';
import { CommandFailure } from '../command-line/command-failure.js';
import { issueSelfSignedCertificate } from './self-signed-certificate.js';
import { createHostName } from './subject-alternative-name.js';
import type { IssuedCertificate } from './write-certificate.js';

export interface ServerCertificateOptions {
  /** DNS names and IP addresses it answers for. Default: the names of this machine's loopback. */
  readonly hosts?: readonly string[];
  /** Days from `now` until it expires, 1 to 3650. Default 30: it is made again rather than renewed. */
  readonly days?: number;
  readonly now: Date;
}

export const loopbackHosts: readonly string[] = Object.freeze(['localhost', '127.0.0.1', '::1']);

/**
 * The certificate of the local gateway: P-256, self-signed, for TLS servers only. A client trusts it by taking the
 * certificate itself as its anchor, so no authority that could sign for other hosts ever exists on the machine.
 */
export function createServerCertificate(options: ServerCertificateOptions): IssuedCertificate {
  const hosts = options.hosts ?? loopbackHosts;
  const [first] = hosts;
  if (first === undefined) {
    throw new CommandFailure('A server certificate needs at least one host.');
  }
  return issueSelfSignedCertificate({
    // Clients read the alternative names only (RFC 9525 §6.3); the common name is for people.
    commonName: 'Certgate local gateway',
    keyAlgorithm: 'ec-p256',
    days: options.days ?? 30,
    extendedKeyUsages: [id_kp_serverAuth],
    subjectAlternativeNames: hosts.map(createHostName),
    now: options.now,
  });
}
