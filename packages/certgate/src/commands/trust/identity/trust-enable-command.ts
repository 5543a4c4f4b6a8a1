import { formatInstant } from '@certgate/core/internal';
import { formatTrustCall, formatTrustChange } from '../../../faults/tool-call.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import {
  describePin,
  getIdentity,
  getPin,
  setIdentityEnabled,
  setPinsEnabled,
} from '../../../trust/administration/edits/identity-edits.js';
import { describeIdentityState, describePinState } from '../../../trust/administration/identity-state.js';
import type { TrustUpdate } from '../../../trust/administration/update-trust-document.js';
import { changeTrust } from '../change-trust.js';
import type { ChangeFlags } from '../options/store-options.js';

interface EnableFlags extends ChangeFlags {
  readonly pin?: readonly string[];
}

export function enable(name: string, flags: EnableFlags): Promise<void> {
  return setEnabled(true, name, flags);
}

export function disable(name: string, flags: EnableFlags): Promise<void> {
  return setEnabled(false, name, flags);
}

function setEnabled(isEnable: boolean, name: string, flags: EnableFlags): Promise<void> {
  const { pin: pins } = flags;
  return changeTrust(flags, {
    verb: isEnable ? 'enable' : 'disable',
    edit: (document) =>
      pins === undefined
        ? setIdentityEnabled(document, name, isEnable)
        : setPinsEnabled(document, name, pins, isEnable),
    report: (update) => {
      const vain = isEnable ? findEnabledInVain(update, name, pins) : undefined;
      if (vain !== undefined && update.outcome === 'unchanged') throw vain;
      const what = pins === undefined ? '' : `${pins.length === 1 ? 'a pin' : `${pins.length} pins`} of `;
      const chosen = (pins ?? []).flatMap((pin) => ['--pin', pin]);
      const undo = `To undo: ${formatTrustChange(isEnable ? 'disable' : 'enable', [name], chosen)}`;
      return {
        done: `${isEnable ? 'Enabled' : 'Disabled'} ${what}${getIdentity(update.after, name).name}.`,
        notes: [undo, ...(vain === undefined ? [] : [`${vain.message} ${vain.remedy ?? ''}`])],
      };
    },
  });
}

/** It is enabled, and refused anyway: who hears that there is nothing to change would stop looking. */
function findEnabledInVain(
  { after, afterSnapshot }: TrustUpdate,
  givenName: string,
  chosen: readonly string[] | undefined,
): ToolFailure | undefined {
  const written = getIdentity(after, givenName);
  const identity = afterSnapshot.identities.find(({ name }) => name === written.name);
  if (identity === undefined) return undefined;
  const now = Date.now();
  const fail = (what: string, remedy: string): ToolFailure =>
    new ToolFailure(`${what}, so it is still refused.`, { kind: 'no_effect', remedy });
  const state = describeIdentityState(identity, now);
  if (state === 'ended' && identity.expiresAt !== undefined) {
    return fail(
      `${JSON.stringify(identity.name)} is enabled, but it ended at ${formatInstant(identity.expiresAt)} (expiresAt)`,
      `Set a later end: ${formatTrustChange('add', [identity.name], ['--to-existing', '--expires-at', 'TIME'])}`,
    );
  }
  for (const text of chosen ?? []) {
    const pin = getPin(written, text);
    const read = identity.pins[written.pins?.indexOf(pin) ?? -1];
    const pinState = read === undefined ? 'active' : describePinState(read, now);
    if (pinState !== 'ended' && pinState !== 'not yet') continue;
    return fail(
      `The pin ${describePin(pin)} is enabled, but ${pinState === 'ended' ? `it ended at ${pin.notAfter ?? ''}` : `it begins at ${pin.notBefore ?? ''}`}`,
      `Change its window: ${formatTrustChange('set', [identity.name], ['--pin', text, pinState === 'ended' ? '--not-after' : '--not-before', 'TIME'])}`,
    );
  }
  if (state !== 'no usable pin') return undefined;
  return fail(
    `${JSON.stringify(identity.name)} is enabled, but none of its pins is valid now`,
    `To see them: ${formatTrustCall('list', [identity.name])}\nThen change their window: ${formatTrustChange('set', [identity.name], ['--pin', 'PIN', '--not-after', 'TIME'])}\nOr add a new certificate: ${formatTrustChange('rotate', [identity.name], ['--certificate', 'FILE', '--overlap', '14d'])}`,
  );
}
