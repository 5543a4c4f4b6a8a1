import { invalidArgument } from '@certgate/x509/internal';
import { type Denial, deny } from '../denial.js';
import { type Environment, readVariable } from '../front-end-resolution/host-environment.js';

/** The app setting that refuses every call of a closed function. It needs no trust document, and it opens nothing. */
export const lockSetting = 'CERTGATE_LOCKED';

/** @throws {CertgateError} for a value that is neither `true` nor empty: whoever wrote it meant to lock, or not to. */
export function expectLockSetting(environment: Environment): void {
  const value = readVariable(environment, lockSetting);
  if (value === undefined || value === 'true') return;
  throw invalidArgument(
    `The environment variable ${lockSetting} is ${JSON.stringify(value)}; it can only be "true", or be empty or absent.`,
  );
}

/** What every caller gets while the setting is there, whatever its value is. */
export function findSettingLock(environment: Environment): Denial<'trust_locked'> | undefined {
  if (readVariable(environment, lockSetting) === undefined) return undefined;
  return deny('trust_locked', { setting: lockSetting });
}
