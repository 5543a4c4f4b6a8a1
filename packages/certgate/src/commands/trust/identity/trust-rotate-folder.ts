import { formatInstant, type TrustDocument } from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls } from '../../../faults/safe-text.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { findIdentity, isEnabled, type Rotation } from '../../../trust/administration/edits/identity-edits.js';
import { loadTrustDocument } from '../../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import type { ImportRefusal } from '../../../trust/import/import-reading.js';
import { type PlannedRotation, planRotations, readNextCertificates } from '../../../trust/import/plan-rotation.js';
import { exitCodes } from '../../command-line/exit-codes.js';
import { printJson, printLine } from '../../command-line/output.js';
import { changeTrust } from '../change-trust.js';
import type { ChangeFlags } from '../options/store-options.js';
import { printRefusals } from '../report-refusals.js';

interface FolderRotation extends Pick<Rotation, 'oldEnd' | 'now'> {
  /** What becomes of the old certificates, as the rotation of one identity says it. */
  readonly oldEndNote: string;
}

/** All callers of the folder in one change, or none. */
export async function rotateFromFolder(
  folder: string,
  { oldEndNote, ...rotation }: FolderRotation,
  flags: ChangeFlags,
): Promise<void> {
  const { certificates, faults } = await readNextCertificates(folder, rotation.now);
  const { document } = await loadTrustDocument(await openTrustLocation(flags.store));
  const all = [...faults, ...planRotations(document, certificates, rotation).faults];
  if (all.length > 0) {
    reportFaults(folder, all, flags);
    return;
  }
  if (certificates.length === 0) throw new ToolFailure(`There is no certificate in the folder ${folder}.`);
  let rotated: readonly PlannedRotation[] = [];
  await changeTrust(flags, {
    verb: 'rotate',
    edit: (present) => {
      const plan = planRotations(present, certificates, rotation);
      if (plan.faults.length > 0) {
        throw new ToolFailure('The document was changed meanwhile, and not every certificate fits it any more.', {
          remedy: 'Nothing was written. Run it again: it names the files.',
          kind: 'conflict',
        });
      }
      ({ rotated } = plan);
      return plan.document;
    },
    report: ({ before }) => ({
      done: `Rotated ${rotated.length === 1 ? '1 identity' : `${rotated.length} identities`} from ${folder}.`,
      notes: [
        oldEndNote,
        ...describeEarlierEnds(before.document, rotated, rotation),
        'Each file is taken for the identity that it is named after; compare the subjects:',
        ...rotated.map(describeRotation),
      ],
      json: { oldPinsEnd: rotation.oldEnd === undefined ? null : formatInstant(rotation.oldEnd), rotated },
    }),
  });
}

function reportFaults(folder: string, faults: readonly ImportRefusal[], { json }: ChangeFlags): void {
  process.exitCode = exitCodes.unusableInput;
  if (json === true) {
    printJson({ source: folder, outcome: 'refused', rotated: [], unusable: faults });
    return;
  }
  printLine(`${colors.red('Nothing was rotated')} from ${escapeControls(folder)}, because these files can't be used:`);
  printRefusals(faults);
}

function describeRotation({ identity, file, subject, newPin }: PlannedRotation): string {
  return escapeControls(`  ${identity}: ${subject}, until ${newPin.notAfter ?? ''} (${file})`);
}

function describeEarlierEnds(
  document: TrustDocument,
  rotated: readonly PlannedRotation[],
  { oldEnd }: Pick<Rotation, 'oldEnd'>,
): readonly string[] {
  if (oldEnd === undefined) return [];
  const isEarlier = (end: string | undefined): boolean => end !== undefined && Date.parse(end) < oldEnd;
  const listNames = (has: (each: PlannedRotation) => boolean): string =>
    rotated
      .filter(has)
      .map(({ identity }) => JSON.stringify(identity))
      .join(', ');
  const old = listNames(({ identity }) =>
    (findIdentity(document, identity)?.pins ?? []).some((pin) => isEnabled(pin) && isEarlier(pin.notAfter)),
  );
  const short = listNames(({ newPin }) => isEarlier(newPin.notAfter));
  return [
    ...(old === '' ? [] : [`Note: old certificates of ${old} end earlier. A rotation never extends a pin.`]),
    ...(short === '' ? [] : [`Note: the new certificates of ${short} end before the overlap.`]),
  ].map((note) => escapeControls(note));
}
