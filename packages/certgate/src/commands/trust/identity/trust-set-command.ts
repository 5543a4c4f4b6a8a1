import { Command } from 'commander';
import colors from 'picocolors';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { addHelpSections } from '../../command-line/help.js';
import { getIdentity } from '../../../trust/administration/edits/identity-edits.js';
import { setPinWindow, type PinWindowChange } from '../../../trust/administration/edits/pin-window.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { updateTrustDocument } from '../../../trust/administration/update-trust-document.js';
import { collect, parseTime } from '../options/pin-options.js';
import { reportUpdate } from '../report-update.js';
import {
  addChangeOptions,
  addStoreOption,
  readChange,
  type ChangeFlags,
  type StoreFlags,
} from '../options/store-options.js';

interface SetFlags extends StoreFlags, ChangeFlags {
  readonly pin: readonly string[];
  /** A time, or `none`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly acceptWithoutClientAuthUntil?: string;
}

export function trustSetCommand(): Command {
  const command = new Command('set')
    .description(
      'Change the window in which a pin is valid, or for how long it accepts a certificate without clientAuth.',
    )
    .argument('<name>', 'the identity')
    .requiredOption(
      '--pin <hex>',
      'only this pin: its hash, or at least the first eight digits of it (repeatable)',
      collect,
    )
    .option('--not-before <time>', 'when the pin becomes valid, e.g. 2027-03-01T00:00:00Z; none: at once', parseBound)
    .option(
      '--not-after <time>',
      "when the pin ends, e.g. 2028-03-01T00:00:00Z; none: at the end of the certificate's validity",
      parseBound,
    )
    .option(
      '--accept-without-client-auth-until <time>',
      'accept this certificate without clientAuth (with serverAuth alone) until this time, at most 90 days ahead; none ends it',
      parseBound,
    );
  addStoreOption(command);
  addChangeOptions(command).action(set);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the document is written, or is already as requested',
      1: 'others kept changing the document; nothing is written',
      2: "there is no such identity or pin, the pin would never be valid, or the store or an argument can't be used; nothing is written",
    },
    examples: [
      'certgate trust set billing --pin 9F86D081 --not-after 2028-03-01T00:00:00Z --reason "contract extended" --store file:trust.json',
      'certgate trust set billing --pin 9F86D081 --not-before none --reason "starts early" --store file:trust.json',
      'certgate trust set billing --pin 9F86D081 --accept-without-client-auth-until none --reason "has another certificate" --store file:trust.json',
    ],
  });
}

function parseBound(text: string): string {
  return text === 'none' ? text : parseTime(text);
}

function readBound(text: string): string | null {
  return text === 'none' ? null : text;
}

async function set(name: string, flags: SetFlags): Promise<void> {
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
  const notes = [...describeGrace(until), ...(update.comparison.gains && isWindowSet ? [windowNote] : [])];
  reportUpdate(location.description, update, { done, notes }, flags);
}

const windowNote =
  'A certificate that has expired is refused whatever its pin says. In that case, the caller needs a new one: certgate trust rotate.';

/** Hard to overlook, because every other certificate must have clientAuth. */
function describeGrace(until: string | undefined): readonly string[] {
  if (until === undefined || until === 'none') return [];
  return [
    colors.red(
      `ATTENTION: until ${until}, this certificate is admitted although its issuer made it for servers alone. All other checks apply as before. From then on, the caller is refused with it.`,
    ),
    'Before that, give the caller a certificate with clientAuth (docs/public-certificates.md): certgate trust rotate. Every admitted call is logged as a warning, with withoutClientAuthUntil.',
  ];
}
