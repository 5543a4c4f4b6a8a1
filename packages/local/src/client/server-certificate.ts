import { X509Certificate } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { settle, tlsOptions, type ClientKeyPair, type WireFault } from './wire-request.js';

export interface ServerCertificate {
  readonly kind: 'inspected';
  /** Why the certificate is not trusted, in Node.js's words. Undefined if it is trusted. */
  readonly fault: string | undefined;
  /** The end of the certificate's validity, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly notAfter: number;
}

export interface ServerInspection {
  readonly url: URL;
  readonly caPem?: string;
  /** A certificate for a server that completes no handshake without one. The server that sees it may not be trusted. */
  readonly certificate?: ClientKeyPair;
  readonly timeoutMilliseconds: number;
}

/** Makes a handshake, even with a server that is not trusted, and sends no request. */
export function inspectServerCertificate(inspection: ServerInspection): Promise<ServerCertificate | WireFault> {
  const socket = connectTls({ ...tlsOptions(inspection, ['http/1.1']), rejectUnauthorized: false });
  return settle(socket, inspection.timeoutMilliseconds, () => {
    const { raw } = socket.getPeerCertificate();
    // Null if the certificate is trusted, otherwise an error or its code. Node's types know only the error.
    const fault = socket.authorizationError as unknown;
    return Promise.resolve({
      kind: 'inspected' as const,
      fault: socket.authorized ? undefined : fault instanceof Error ? fault.message : String(fault),
      notAfter: Date.parse(new X509Certificate(raw).validTo),
    });
  });
}
