/**
 * Why a PFX can't be opened.
 * - `password_wrong`: this password doesn't open it, or none was given. Without a MAC, it may also be damaged.
 * - `malformed`: it is not a PFX, or is cut off or damaged.
 * - `unsupported`: it is a PFX, but protected or arranged in a way that this reader doesn't accept.
 */
export type PfxErrorCode = 'password_wrong' | 'malformed' | 'unsupported';

export class PfxError extends Error {
  readonly code: PfxErrorCode;

  constructor(code: PfxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PfxError';
    this.code = code;
  }
}
