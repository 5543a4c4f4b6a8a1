import { formatInstant, shortenThumbprint, type TrustDocumentIdentity } from '@certgate/core/internal';
import { Command, InvalidArgumentError } from 'commander';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { addHelpSections } from '../../command-line/help.js';
import {
  getIdentity,
  isEnabled,
  readPinValue,
  rotateIdentity,
} from '../../../trust/administration/edits/identity-edits.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { addPinOptions, readNewPin, type PinFlags } from '../options/pin-options.js';
import { reportUpdate } from '../report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from '../options/store-options.js';

interface RotateFlags extends StoreFlags, ChangeFlags, PinFlags {
  /** Milliseconds. */
  readonly overlap: number;
}

export function trustRotateCommand(): Command {
  const command = new Command('rotate')
    .description('Give an identity a new certificate. The old ones stay valid for an overlap, then end.')
    .argument('<name>', 'the identity')
    .requiredOption(
      '--overlap <duration>',
      'how long the old certificates stay valid, e.g. 14d, 36h, 90m; 0 ends them at once',
      parseDuration,
    );
  addPinOptions(command);
  addStoreOption(command);
  addChangeOptions(command).action(rotate);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such identity, the certificate is pinned already or unfit, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust rotate billing --certificate new.crt.pem --overlap 14d --reason "yearly" --store file:trust.json',
      'certgate trust rotate billing --thumbprint-sha256 60303AE22B998861BCE3B28F33EEC1BE758A213C86C93C076DBE9F558C11C752 --overlap 0 --reason "key lost" --store file:trust.json',
    ],
  });
}

async function rotate(name: string, flags: RotateFlags): Promise<void> {
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

const unitMilliseconds = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds. */
function parseDuration(text: string): number {
  const match = /^(?<count>\d{1,5})(?<unit>[mhd])$/.exec(text);
  if (text === '0') return 0;
  if (match === null) throw new InvalidArgumentError('It must be a duration like 14d, 36h or 90m, or 0.');
  const unit = match.groups?.['unit'] as keyof typeof unitMilliseconds;
  return Number(match.groups?.['count']) * unitMilliseconds[unit];
}
