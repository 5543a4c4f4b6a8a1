// Follows the rotation of a client certificate. A TLS connection keeps the certificate that it began with, so a new
// certificate needs new connections, which come from a new agent. Requests that are under way finish on the old one.
import { createSecureContext } from 'node:tls';
import type { CertificateSource, ClientCertificate } from './client-certificate.js';

export interface Connections<Agent> {
  /** Creates an agent whose connections use this certificate. */
  open(certificate: ClientCertificate): Agent;
  /** Lets the agent's requests finish, and then keeps no connection open. */
  retire(agent: Agent): void;
}

export interface RotationOptions {
  /** The seconds between two readings of the certificate. Default: 60. */
  readonly reloadSeconds?: number;
}

export class RotatingConnections<Agent> {
  readonly #source: CertificateSource;
  readonly #connections: Connections<Agent>;
  readonly #timer: NodeJS.Timeout;
  #certificate: ClientCertificate;
  #agent: Agent;

  /**
   * Reads the certificate and starts following it. Rejects if the certificate can't be read or opened. If a later
   * reading fails, the earlier certificate stays in use.
   */
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
    // The source is read at intervals and not watched, because a mounted secret or a network drive reports no changes.
    this.#timer = setInterval(() => void this.#reload(), reloadMilliseconds);
    // The timer must not keep a program running that has nothing else to do.
    this.#timer.unref();
  }

  /**
   * The agent with the current certificate. Read this property for each request, because a rotation replaces the agent.
   */
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
      // This also happens if the files are read between their two renames. The next attempt reads both new files.
      console.error('The client certificate could not be reloaded. The one before stays in use.', error);
    }
  }
}

/** Returns the certificate if its PFX can be opened with its password, and throws otherwise. */
function expectUsable(certificate: ClientCertificate): ClientCertificate {
  createSecureContext(certificate);
  return certificate;
}
