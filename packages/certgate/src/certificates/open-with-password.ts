/** A password, or where to get one; the latter is asked only when it turns out to be needed. */
export type PasswordSource = string | (() => Promise<string>);

export const passwordRemedy = 'Give its password by --password-file or --password-stdin.';

/** A given password is the only one tried. One that must be asked for is asked for after trying without. */
export async function openWithPassword<T>(
  open: (password: string | undefined) => T,
  isPasswordFault: (fault: unknown) => boolean,
  password: PasswordSource | undefined,
): Promise<T> {
  if (typeof password !== 'function') return open(password);
  try {
    return open(undefined);
  } catch (fault) {
    if (!isPasswordFault(fault)) throw fault;
    return open(await password());
  }
}
