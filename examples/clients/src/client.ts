import type { RotationOptions } from './rotation.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Client {
  call(url: string): Promise<Answer>;
  /** Stops reloading the certificate, and retires the connections. */
  close(): void;
}

export interface ClientOptions extends RotationOptions {
  /**
   * The certificate to trust for the server, in PEM. Use it only for the local gateway, whose certificate was not
   * issued by a public CA. Leave it out in Azure.
   */
  readonly ca?: Buffer;
}
