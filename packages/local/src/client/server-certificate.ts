import { X509Certificate } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { settle, tlsOptions, type ClientIdentity, type WireFault } from './wire-request.js';

export interface ServerCertificate {
  readonly kind: 'inspected';
  /** Why it is not trusted, as Node.js names it; undefined: it is. */
  readonly fault: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly notAfter: number;
}

export interface ServerInspection {
  readonly url: URL;
  readonly caPem?: string;
  /** For a server that completes no handshake without one. It is shown to a server that may not be trusted. */
  readonly certificate?: ClientIdentity;
  readonly timeoutMilliseconds: number;
}

/** A handshake and nothing more, also with a server that is not trusted. */
export function inspectServerCertificate(inspection: ServerInspection): Promise<ServerCertificate | WireFault> {
  const socket = connectTls({ ...tlsOptions(inspection, ['http/1.1']), rejectUnauthorized: false });
  return settle(socket, inspection.timeoutMilliseconds, () => {
    const { raw } = socket.getPeerCertificate();
    // Null where it is trusted, an error or its code where it isn't: the types know only the error.
    const fault = socket.authorizationError as unknown;
    return Promise.resolve({
      kind: 'inspected' as const,
      fault: socket.authorized ? undefined : fault instanceof Error ? fault.message : String(fault),
      notAfter: Date.parse(new X509Certificate(raw).validTo),
    });
  });
}
