// Follows the rotation of a client certificate. A TLS connection keeps the certificate that it began with, so a new
// certificate needs new connections: another agent. Requests that are under way finish on the old one.
import { createSecureContext } from 'node:tls';
import type { CertificateSource, ClientCertificate } from './client-certificate.js';

export interface Connections<Agent> {
  /** Opens connections with this certificate. */
  open(certificate: ClientCertificate): Agent;
  /** Lets requests finish, and keeps no connection open after them. */
  retire(agent: Agent): void;
}

export interface RotationOptions {
  /** How often the certificate is read again. Default: 60. */
  readonly reloadSeconds?: number;
}

export class RotatingConnections<Agent> {
  readonly #source: CertificateSource;
  readonly #connections: Connections<Agent>;
  readonly #timer: NodeJS.Timeout;
  #certificate: ClientCertificate;
  #agent: Agent;

  /** Rejects if the certificate can't be read or opened. Later, the one before stays in use. */
  static async start<Agent>(
    source: CertificateSource,
    connections: Connections<Agent>,
    { reloadSeconds = 60 }: RotationOptions = {},
  ): Promise<RotatingConnections<Agent>> {
    const certificate = expectUsable(await source());
    return new RotatingConnections(source, connections, certificate, reloadSeconds * 1000);
  }

  private constructor(
    source: CertificateSource,
    connections: Connections<Agent>,
    certificate: ClientCertificate,
    reloadMilliseconds: number,
  ) {
    this.#source = source;
    this.#connections = connections;
    this.#certificate = certificate;
    this.#agent = connections.open(certificate);
    // Files are read again, not watched: a mounted secret or a network drive reports no changes.
    this.#timer = setInterval(() => void this.#reload(), reloadMilliseconds);
    // A program that has nothing else to do may end.
    this.#timer.unref();
  }

  /** Ask for it at each request: after a rotation, it is another one. */
  get current(): Agent {
    return this.#agent;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#connections.retire(this.#agent);
  }

  async #reload(): Promise<void> {
    try {
      const certificate = await this.#source();
      const isSame =
        certificate.pfx.equals(this.#certificate.pfx) && certificate.passphrase === this.#certificate.passphrase;
      if (isSame) return;
      const before = this.#agent;
      this.#agent = this.#connections.open(expectUsable(certificate));
      this.#certificate = certificate;
      this.#connections.retire(before);
    } catch (error) {
      // Also between the renames of the two files. The next attempt sees both.
      console.error('The client certificate could not be reloaded. The one before stays in use.', error);
    }
  }
}

/** Throws unless the PFX can be opened with its password. */
function expectUsable(certificate: ClientCertificate): ClientCertificate {
  createSecureContext(certificate);
  return certificate;
}
