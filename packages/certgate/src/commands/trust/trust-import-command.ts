import { decodeText, readBoundedFile, readBoundedStream } from '../../certificates/read-bounded-file.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type TrustUpdate, updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { type CertificateFolder, readCertificateFolder } from '../../trust/import/certificate-folder.js';
import type { ImportReading } from '../../trust/import/import-reading.js';
import { type ImportOptions, type ImportPlan, planImport } from '../../trust/import/plan-import.js';
import { readApiManagementPolicy } from '../../trust/import/read-api-management-policy.js';
import { readThumbprintList } from '../../trust/import/read-thumbprint-list.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { pick } from '../command-line/option-values.js';
import { reportFaults, reportImport } from './import/import-report.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';

interface ImportFlags extends ChangeFlags {
  readonly from: string;
  readonly as?: string;
  readonly namePrefix: string;
  readonly role?: readonly string[];
  readonly function?: readonly string[];
  readonly owner?: string;
  readonly toExisting?: boolean;
  readonly certificateFolder?: string;
  readonly withoutRevocation?: boolean;
}

export async function importTrust(flags: ImportFlags): Promise<void> {
  const source = flags.from === '-' ? 'standard input' : flags.from;
  const reading = await readImport(source, flags);
  if (reading.faults.length > 0) {
    reportFaults(source, reading, flags.json);
    process.exitCode = exitCodes.unusableInput;
    return;
  }
  if (reading.entries.length === 0 && reading.refusals.length === 0) {
    throw new ToolFailure(`There is no thumbprint in ${source}.`);
  }
  const change = await readChange('import', flags);
  const certificates =
    flags.certificateFolder === undefined
      ? undefined
      : await readCertificateFolder(flags.certificateFolder, Date.now());
  const location = await openTrustLocation(flags.store);
  const { plan, update } = await importEntries(
    location,
    change,
    reading,
    toOptions(flags, certificates, change.reason),
  );
  const refusals = [...reading.refusals, ...plan.refusals];
  reportImport({ store: location.description, source, reading, plan, update, refusals, certificates }, flags);
  if (refusals.length > 0) process.exitCode = exitCodes.failed;
}

async function importEntries(
  location: TrustLocation,
  change: Awaited<ReturnType<typeof readChange>>,
  { entries }: ImportReading,
  options: ImportOptions,
): Promise<{ readonly plan: ImportPlan; readonly update: TrustUpdate | undefined }> {
  // Nothing to add is no change: no key is needed, no revision is spent.
  const first = planImport((await loadTrustDocument(location)).document, entries, options);
  if (first.added.length === 0) return { plan: first, update: undefined };
  let plan = first;
  const update = await updateTrustDocument(location, change, (document) => {
    plan = planImport(document, entries, options);
    return plan.document;
  });
  return { plan, update };
}

function toOptions(flags: ImportFlags, certificates: CertificateFolder | undefined, reason: string): ImportOptions {
  return {
    namePrefix: flags.namePrefix,
    roles: flags.role ?? [],
    ...(flags.function === undefined ? {} : { functions: flags.function }),
    ...pick(flags, 'as', 'owner'),
    reason,
    toExisting: flags.toExisting ?? false,
    ...(certificates === undefined ? {} : { certificates }),
  };
}

async function readImport(source: string, flags: ImportFlags): Promise<ImportReading> {
  const text = decodeText(await readBytes(source, flags.from));
  if (!/^\s*</.test(text)) return readThumbprintList(text);
  return readApiManagementPolicy(text, {
    withoutRevocation: flags.withoutRevocation ?? false,
  });
}

async function readBytes(source: string, from: string): Promise<Buffer> {
  try {
    return from === '-' ? await readBoundedStream(process.stdin, source) : await readBoundedFile(from);
  } catch (fault) {
    if (!(fault instanceof ToolFailure) || !fault.message.includes('larger than')) throw fault;
    throw new ToolFailure(fault.message, { remedy: 'Import it in parts.', cause: fault });
  }
}
