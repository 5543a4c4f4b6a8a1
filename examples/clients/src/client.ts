import type { RotationOptions } from './rotation.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Client {
  call(url: string): Promise<Answer>;
  /** Ends what would keep connections open. */
  close(): void;
}

export interface ClientOptions extends RotationOptions {
  /**
   * The certificate that the server's is compared with, in PEM. Only for the local gateway, whose certificate no public CA
   * has issued. In Azure, leave it out.
   */
  readonly ca?: Buffer;
}
