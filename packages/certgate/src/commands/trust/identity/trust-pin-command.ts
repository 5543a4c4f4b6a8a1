import { formatInstant, shortenThumbprint, type TrustDocumentPin } from '@certgate/core/internal';
import colors from 'picocolors';
import { formatTrustChange } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  choosePins,
  getIdentity,
  isEnabled,
  readPinValue,
  rotateIdentity,
} from '../../../trust/administration/edits/identity-edits.js';
import { type PinWindowChange, setPinWindow } from '../../../trust/administration/edits/pin-window.js';
import { pick } from '../../command-line/option-values.js';
import { changeTrust } from '../change-trust.js';
import type { PinFlags } from '../options/caller-options.js';
import { readNewPin } from '../options/read-caller-options.js';
import type { ChangeFlags } from '../options/store-options.js';

interface RotateFlags extends ChangeFlags, PinFlags {
  readonly pin?: readonly string[];
  /** For how long the old pins may still be valid, in milliseconds. */
  readonly overlap: number;
}

export async function rotate(name: string, flags: RotateFlags): Promise<void> {
  const now = Date.now();
  const { newPin, asked } = await readNewPin(flags, now);
  if (newPin === undefined) {
    throw new ToolFailure('No new certificate is given.', {
      remedy: 'Pass it with --certificate FILE, or its hash with --thumbprint-sha256.',
    });
  }
  const oldEnd = findOldEnd(flags, now);
  await changeTrust(flags, {
    verb: 'rotate',
    guard: () => ({ asked }),
    edit: (document) => rotateIdentity(document, name, { ...newPin, oldEnd, pins: flags.pin, now }),
    report: ({ before: { document } }) => {
      const before = getIdentity(document, name);
      return {
        done: `Rotated ${before.name}.`,
        notes: [
          describeOldEnd(oldEnd),
          ...listEarlierEnds(choosePins(before, flags.pin), oldEnd),
          ...describeNewEnd(flags, newPin.pin.notAfter, oldEnd),
        ],
        json: { oldPinsEnd: oldEnd === undefined ? null : formatInstant(oldEnd), newPin: newPin.pin },
      };
    },
  });
}

/**
 * When the old pins end at the latest. Undefined if they end at once. Documents have whole seconds, so the time is
 * rounded up.
 */
function findOldEnd({ overlap }: RotateFlags, now: number): number | undefined {
  return overlap === 0 ? undefined : Math.ceil((now + overlap) / 1000) * 1000;
}

function describeOldEnd(oldEnd: number | undefined): string {
  return oldEnd === undefined
    ? 'The replaced certificates are refused after the next refresh.'
    : `The replaced certificates are valid until ${formatInstant(oldEnd)}, or until their own end if that is earlier.`;
}

function listEarlierEnds(pins: ReadonlySet<TrustDocumentPin>, oldEnd: number | undefined): readonly string[] {
  if (oldEnd === undefined) return [];
  return [...pins]
    .filter((pin) => isEnabled(pin) && pin.notAfter !== undefined && Date.parse(pin.notAfter) < oldEnd)
    .map(
      (pin) =>
        `Note: ${shortenThumbprint(readPinValue(pin).value)} ends earlier, at ${pin.notAfter ?? ''}. A rotation never extends a pin.`,
    );
}

function describeNewEnd(flags: RotateFlags, newEnd: string | undefined, oldEnd: number | undefined): readonly string[] {
  const isLate = flags.notBefore !== undefined && Date.parse(flags.notBefore) > (oldEnd ?? Date.now());
  const isShort = newEnd !== undefined && oldEnd !== undefined && Date.parse(newEnd) < oldEnd;
  return [
    ...(isLate
      ? ['Note: the new certificate is valid only after the old ones have ended. In between, the caller is refused.']
      : []),
    ...(isShort ? [`Note: the new certificate ends before the overlap, at ${newEnd}.`] : []),
  ];
}

interface SetFlags extends ChangeFlags {
  readonly pin: readonly string[];
  /** A time, or `none` to remove the bound. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** The name of an authority, or `none`. */
  readonly issuedBy?: string;
  readonly acceptWithoutClientAuthUntil?: string;
}

export async function set(name: string, flags: SetFlags): Promise<void> {
  const { pin: pins, acceptWithoutClientAuthUntil: until } = flags;
  const bounds = Object.entries<string>(pick(flags, 'notBefore', 'notAfter', 'issuedBy'));
  const window: PinWindowChange = Object.fromEntries(bounds.map(([key, text]) => [key, readBound(text)]));
  const isWindowSet = Object.keys(window).length > 0;
  if (!isWindowSet && until === undefined) {
    throw new ToolFailure('There is nothing to set.', {
      remedy:
        'Pass --not-before, --not-after, --issued-by or --accept-without-client-auth-until. The value none removes a bound.',
    });
  }
  const now = Date.now();
  await changeTrust(flags, {
    verb: 'set',
    edit: (document, { reason }) => {
      const grace = until === undefined ? {} : { grace: { until: readBound(until), reason, now } };
      return setPinWindow(document, name, pins, { ...window, ...grace });
    },
    report: ({ after, comparison }) => {
      const what = `${(until ?? flags.issuedBy) ? '' : 'the window of '}${pins.length === 1 ? 'a pin' : `${pins.length} pins`}`;
      const rotation = formatTrustChange('rotate', [name], ['--certificate', 'FILE', '--overlap', '14d']);
      return {
        done: `Changed ${what} of ${getIdentity(after, name).name}.`,
        notes: [
          ...describeGrace(until, rotation),
          ...(comparison.gains && isWindowSet ? [describeWindow(rotation)] : []),
        ],
      };
    },
  });
}

function readBound(text: string): string | null {
  return text === 'none' ? null : text;
}

const describeWindow = (rotation: string): string =>
  `A certificate that has expired is refused whatever its pin says. In that case, the caller needs a new one: ${rotation}`;

/** The warning must be hard to overlook, because the certificate is admitted although it lacks clientAuth. */
function describeGrace(until: string | undefined, rotation: string): readonly string[] {
  if (until === undefined || until === 'none') return [];
  return [
    colors.red(
      `ATTENTION: until ${until}, this certificate is admitted although its issuer made it only for servers. All other checks apply as before. From then on, the caller is refused with it.`,
    ),
    `Before that, give the caller a certificate with clientAuth (docs/public-certificates.md): ${rotation}`,
    'Every admitted call is logged as a warning, with withoutClientAuthUntil.',
  ];
}
