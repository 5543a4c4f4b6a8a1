import colors from 'picocolors';
import { formatTrustChange } from '../../../faults/tool-call.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { getIdentity } from '../../../trust/administration/edits/identity-edits.js';
import { type PinWindowChange, setPinWindow } from '../../../trust/administration/edits/pin-window.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import type { ChangeFlags } from '../options/store-options.js';
import { readChange } from '../options/read-change.js';
import { reportUpdate } from '../report-update.js';

interface SetFlags extends ChangeFlags {
  readonly pin: readonly string[];
  /** A time, or `none`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly acceptWithoutClientAuthUntil?: string;
}

function readBound(text: string): string | null {
  return text === 'none' ? null : text;
}

export async function set(name: string, flags: SetFlags): Promise<void> {
  const { pin: pins, notBefore, notAfter, acceptWithoutClientAuthUntil: until } = flags;
  if (notBefore === undefined && notAfter === undefined && until === undefined) {
    throw new ToolFailure('There is nothing to set.', {
      remedy:
        'Pass --not-before, --not-after or both, or --accept-without-client-auth-until. The value none removes a bound.',
    });
  }
  const change = await readChange('set', flags);
  const window: PinWindowChange = {
    ...(notBefore === undefined ? {} : { notBefore: readBound(notBefore) }),
    ...(notAfter === undefined ? {} : { notAfter: readBound(notAfter) }),
    ...(until === undefined ? {} : { grace: { until: readBound(until), reason: change.reason, now: Date.now() } }),
  };
  const location = await openTrustLocation(flags.store);
  const update = await updateTrustDocument(location, change, (document) => setPinWindow(document, name, pins, window));
  const done = `Changed ${until === undefined ? 'the window of ' : ''}${pins.length === 1 ? 'a pin' : `${pins.length} pins`} of ${getIdentity(update.after, name).name}.`;
  const isWindowSet = notBefore !== undefined || notAfter !== undefined;
  const rotation = formatTrustChange('rotate', [name], ['--certificate', 'FILE', '--overlap', '14d']);
  const notes = [
    ...describeGrace(until, rotation),
    ...(update.comparison.gains && isWindowSet ? [describeWindow(rotation)] : []),
  ];
  reportUpdate(location.description, update, { done, notes }, flags);
}

const describeWindow = (rotation: string): string =>
  `A certificate that has expired is refused whatever its pin says. In that case, the caller needs a new one: ${rotation}`;

/** Hard to overlook, because every other certificate must have clientAuth. */
function describeGrace(until: string | undefined, rotation: string): readonly string[] {
  if (until === undefined || until === 'none') return [];
  return [
    colors.red(
      `ATTENTION: until ${until}, this certificate is admitted although its issuer made it for servers alone. All other checks apply as before. From then on, the caller is refused with it.`,
    ),
    `Before that, give the caller a certificate with clientAuth (docs/public-certificates.md): ${rotation}`,
    'Every admitted call is logged as a warning, with withoutClientAuthUntil.',
  ];
}
