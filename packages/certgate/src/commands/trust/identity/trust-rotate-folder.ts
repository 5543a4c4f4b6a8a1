import { formatInstant, type TrustDocument, type TrustDocumentPin } from '@certgate/core/internal';
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
        throw new ToolFailure('The document was changed in the meantime, and not every certificate fits it any more.', {
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
        ...describeWindows(before.document, rotated, rotation),
        'Each file is used for the identity that it is named after; compare the subjects:',
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

function describeWindows(
  document: TrustDocument,
  rotated: readonly PlannedRotation[],
  { oldEnd, now }: Pick<Rotation, 'oldEnd' | 'now'>,
): readonly string[] {
  const isEarlier = (end: string | undefined): boolean =>
    oldEnd !== undefined && end !== undefined && Date.parse(end) < oldEnd;
  const listPins = ({ identity }: PlannedRotation): readonly TrustDocumentPin[] =>
    findIdentity(document, identity)?.pins ?? [];
  const isLate = ({ notBefore }: PlannedRotation): boolean => Date.parse(notBefore) > (oldEnd ?? now);
  return [
    ...describeSome(
      'Old certificates that end earlier (a rotation never extends a pin)',
      rotated.filter((each) => listPins(each).some((pin) => isEnabled(pin) && isEarlier(pin.notAfter))),
    ),
    ...describeSome(
      'New certificates that end before the overlap',
      rotated.filter(({ newPin }) => isEarlier(newPin.notAfter)),
    ),
    ...describeSome(
      'New certificates that are valid only after the old ones have ended, so that their callers are refused in between',
      rotated.filter(isLate),
    ),
  ];
}

function describeSome(what: string, some: readonly PlannedRotation[]): readonly string[] {
  if (some.length === 0) return [];
  return [escapeControls(`Note: ${what}: ${some.map(({ identity }) => identity).join(', ')}`)];
}
