import { invalidArgument } from '@certgate/x509/internal';
import { type Denial, deny } from '../denial.js';
import { type Environment, readVariable } from '../front-end-resolution/host-environment.js';

/** The app setting that refuses every call of a closed function. It needs no trust document, and it opens nothing. */
export const lockSetting = 'CERTGATE_LOCKED';

/**
 * @throws {CertgateError} if the value is neither `true` nor empty, because it does not show whether the operator wants
 * to lock.
 */
export function expectLockSetting(environment: Environment): void {
  const value = readVariable(environment, lockSetting);
  if (value === undefined || value === 'true') return;
  throw invalidArgument(
    `The environment variable ${lockSetting} is ${JSON.stringify(value)}; it can only be "true", or be empty or absent.`,
  );
}

/** The denial that every caller gets while the app setting has any value. Undefined if it is absent or empty. */
export function findSettingLock(environment: Environment): Denial<'trust_locked'> | undefined {
  if (readVariable(environment, lockSetting) === undefined) return undefined;
  return deny('trust_locked', { setting: lockSetting });
}
