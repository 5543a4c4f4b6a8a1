/**
 * Why a PFX can't be opened.
 * - `password_wrong`: the structure is sound, the integrity check fails: another password, or none was given.
 * - `malformed`: no PFX, cut off, or damaged.
 * - `unsupported`: a PFX, protected or arranged in a way this reader doesn't know.
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
