import {
  findStanding,
  formatInstant,
  type StandingCode,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { formatTrustCall, formatTrustChange } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  getIdentity,
  getPin,
  setIdentityEnabled,
  setPinsEnabled,
} from '../../../trust/administration/edits/identity-edits.js';
import { describeIdentityState } from '../../../trust/administration/identity-state.js';
import { nameShortPin } from '../../../trust/comparison/trust-change.js';
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
      const withoutEffect = isEnable ? findEnabledWithoutEffect(update, name, pins) : undefined;
      if (withoutEffect !== undefined && update.outcome === 'unchanged') throw withoutEffect;
      const what = pins === undefined ? '' : `${pins.length === 1 ? 'a pin' : `${pins.length} pins`} of `;
      const chosen = (pins ?? []).flatMap((pin) => ['--pin', pin]);
      const undo = `To undo: ${formatTrustChange(isEnable ? 'disable' : 'enable', [name], chosen)}`;
      return {
        done: `${isEnable ? 'Enabled' : 'Disabled'} ${what}${getIdentity(update.after, name).name}.`,
        notes: [
          undo,
          ...(withoutEffect === undefined ? [] : [`${withoutEffect.message} ${withoutEffect.remedy ?? ''}`]),
        ],
      };
    },
  });
}

/**
 * The failure for something that is enabled, but still refused. If the tool said only that there is nothing to change,
 * the user would stop looking for the reason. Undefined if it is not refused.
 */
function findEnabledWithoutEffect(
  { after, afterSnapshot }: TrustUpdate,
  givenName: string,
  chosen: readonly string[] | undefined,
): ToolFailure | undefined {
  const written = getIdentity(after, givenName);
  const identity = afterSnapshot.identities[after.identities.indexOf(written)];
  if (identity === undefined) return undefined;
  const standing = findStanding(afterSnapshot, identity, Date.now());
  const pins = (chosen ?? []).map((text) => identity.pins[written.pins?.indexOf(getPin(written, text)) ?? -1]);
  const refused = standing.entries.find(({ entry: { pin }, reasons }) => reasons.length > 0 && pins.includes(pin));
  const state = describeIdentityState(standing);
  if (refused === undefined && state === 'active') return undefined;
  const isMixed = refused === undefined && state === 'no usable pin or name';
  const code = isMixed ? undefined : (refused ?? standing).reasons[0];
  return describeVain(code, { afterSnapshot, identity, chosen: refused?.entry.pin });
}

interface EnabledInVain {
  readonly afterSnapshot: TrustSnapshot;
  readonly identity: TrustedIdentity;
  /** The chosen pin that is refused. Undefined if the failure is about the identity as a whole. */
  readonly chosen: TrustPin | undefined;
}

/**
 * `code` is the gate's reason for refusing. It is undefined if the identity's pins and names are refused for several
 * reasons.
 */
function describeVain(code: StandingCode | undefined, { afterSnapshot, identity, chosen }: EnabledInVain): ToolFailure {
  const { name, pins } = identity;
  const who = chosen === undefined ? JSON.stringify(name) : `The pin ${nameShortPin(chosen)}`;
  const fail = (what: string, remedy: string): ToolFailure =>
    new ToolFailure(`${who} is enabled, but ${what}, so it is still refused.`, { kind: 'no_effect', remedy });
  const setWindow = (option: string): string =>
    `Change its window: ${formatTrustChange('set', [name], ['--pin', chosen?.value.slice(0, 16) ?? 'PIN', option, 'TIME'])}`;
  const listed = (chosen === undefined ? pins : [chosen]).find(({ value }) =>
    afterSnapshot.denied.thumbprintsSha256.has(value),
  );
  switch (code) {
    case 'trust_locked':
      return fail('the document is locked', `To end that: ${formatTrustChange('unlock')}`);
    case 'certificate_on_deny_list':
      return listed === undefined
        ? fail(
            'the deny list has the CA certificate of its authority',
            `To see the list: ${formatTrustCall('list', [], ['--json'])}`,
          )
        : fail(
            'its certificate is on the deny list',
            `To remove it from the list: ${formatTrustChange('undeny', [listed.value])}`,
          );
    case 'identity_disabled':
      return fail('its identity is disabled', `Enable it: ${formatTrustChange('enable', [name])}`);
    case 'identity_expired':
      return fail(
        `${chosen === undefined ? 'it' : 'its identity'} ended at ${formatInstant(identity.expiresAt ?? 0)} (expiresAt)`,
        `Set a later end: ${formatTrustChange('add', [name], ['--to-existing', '--expires-at', 'TIME'])}`,
      );
    case 'pin_expired':
      return fail(`it ended at ${formatInstant(chosen?.notAfter ?? 0)}`, setWindow('--not-after'));
    case 'pin_not_yet_valid':
      return fail(`it begins at ${formatInstant(chosen?.notBefore ?? 0)}`, setWindow('--not-before'));
    case 'path_certificate_expired':
    case 'path_certificate_not_yet_valid':
      return fail(
        'no trust anchor of its authority is valid now',
        `To see the authorities: ${formatTrustCall('authority list')}`,
      );
    case 'pin_disabled':
    case 'certificate_not_trusted':
    case undefined:
      return fail(
        'none of its pins and names admits anybody now',
        `To see them: ${formatTrustCall('list', [name])}\nThen change their window: ${formatTrustChange('set', [name], ['--pin', 'PIN', '--not-after', 'TIME'])}\nOr add a new certificate: ${formatTrustChange('rotate', [name], ['--certificate', 'FILE', '--overlap', '14d'])}`,
      );
  }
}
