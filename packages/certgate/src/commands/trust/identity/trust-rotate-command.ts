import { formatInstant, shortenThumbprint, type TrustDocumentIdentity } from '@certgate/core/internal';
import { ToolFailure } from '../../../faults/tool-failure.js';
import {
  getIdentity,
  isEnabled,
  readPinValue,
  rotateIdentity,
} from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { type PinFlags } from '../options/caller-options.js';
import { readNewPin } from '../options/read-caller-options.js';
import type { ChangeFlags } from '../options/store-options.js';
import { readChange } from '../options/read-change.js';
import { reportUpdate } from '../report-update.js';

interface RotateFlags extends ChangeFlags, PinFlags {
  /** Milliseconds. */
  readonly overlap: number;
}

export async function rotate(name: string, flags: RotateFlags): Promise<void> {
  const now = Date.now();
  const newPin = await readNewPin(flags, now);
  if (newPin === undefined) {
    throw new ToolFailure('No new certificate is given.', {
      remedy: 'Pass it with --certificate FILE, or its hash with --thumbprint-sha256.',
    });
  }
  // Documents have whole seconds; the old certificate gets what is left of the last one.
  const oldEnd = flags.overlap === 0 ? undefined : Math.ceil((now + flags.overlap) / 1000) * 1000;
  const location = await openTrustLocation(flags.store);
  const update = await updateTrustDocument(location, await readChange('rotate', flags), (document) =>
    rotateIdentity(document, name, { ...newPin, oldEnd, now }),
  );
  const before = getIdentity(update.before.document, name);
  reportUpdate(
    location.description,
    update,
    {
      done: `Rotated ${before.name}.`,
      notes: [
        describeOldEnd(oldEnd),
        ...listEarlierEnds(before, oldEnd),
        ...describeNewEnd(flags, newPin.pin.notAfter, oldEnd),
      ],
      json: { oldPinsEnd: oldEnd === undefined ? null : formatInstant(oldEnd), newPin: newPin.pin },
    },
    flags,
  );
}

function describeOldEnd(oldEnd: number | undefined): string {
  return oldEnd === undefined
    ? 'The old certificates are refused after the next refresh.'
    : `The old certificates are valid until ${formatInstant(oldEnd)}, or until their own end if that is earlier.`;
}

function listEarlierEnds({ pins = [] }: TrustDocumentIdentity, oldEnd: number | undefined): readonly string[] {
  if (oldEnd === undefined) return [];
  return pins
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
