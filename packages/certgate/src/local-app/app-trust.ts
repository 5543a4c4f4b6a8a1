/**
 * Chooses the trust document that the app gets. A document that the user names by `--trust` or by the app setting
 * CERTGATE_TRUST wins. Otherwise development makes one with callers of its own.
 */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type TrustSnapshot,
  TrustDocumentError,
  anyAudience,
  decideAccess,
  parseTrustAddress,
  parseTrustDocument,
} from '@certgate/core/internal';
import { formatToolCall } from '../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { resolveAppSettings } from '#local/functions-host/app-settings.js';
import type { Caller } from './development-callers.js';

/** The app setting that names the trust document. The app decides which code reads it. */
export const trustSettingName = 'CERTGATE_TRUST';

export interface TrustSetting {
  readonly value: string;
  readonly setBy: 'the environment' | 'local.settings.json';
}

export interface OwnTrust {
  /** The absolute path. Undefined if the setting does not name a file. */
  readonly file: string | undefined;
  /** The address in the form that `--store` takes. Undefined if the setting contains the document itself. */
  readonly address: string | undefined;
  readonly setBy: TrustSetting['setBy'] | '--trust';
}

/**
 * The setting that the app would get, merged as Core Tools does it: the environment wins. Undefined if it is absent or
 * empty.
 */
export async function findTrustSetting(folder: string): Promise<TrustSetting | undefined> {
  const settings = await resolveAppSettings({ folder, inherited: process.env, explicit: {} });
  const value = settings[trustSettingName];
  if (value === undefined || value === '') return undefined;
  const setBy = process.env[trustSettingName] === value ? 'the environment' : 'local.settings.json';
  return { value, setBy };
}

/**
 * Finds the user's own document. Undefined if development must make one at `developmentFile`, which local.settings.json
 * may name too. Rejects with ToolFailure if a named file doesn't exist, because the app would start nevertheless and
 * answer 503 to everybody.
 */
export async function findOwnTrust(
  folder: string,
  developmentFile: string,
  trustFlag: string | undefined,
): Promise<OwnTrust | undefined> {
  if (trustFlag !== undefined) {
    const file = resolve(trustFlag);
    await expectFile(file, '--trust', 'Check --trust.');
    return { file, address: file, setBy: '--trust' };
  }
  const setting = await findTrustSetting(folder);
  if (setting === undefined) return undefined;
  const { setBy } = setting;
  const file = findNamedFile(folder, setting);
  if (file === undefined) {
    const isAddress = parseTrustAddress(setting.value).kind !== 'refused';
    return { file, address: isAddress ? setting.value : undefined, setBy };
  }
  if (file === developmentFile) return undefined;
  await expectFile(
    file,
    `${trustSettingName} in ${setBy}`,
    'Correct the setting, or remove it: certgate dev then makes a document with callers to try the app.',
  );
  return { file, address: file, setBy };
}

/**
 * The absolute path of the file that the setting names. Undefined if it does not name a file. Throws ToolFailure if the
 * setting can't be used.
 */
export function findNamedFile(folder: string, { value, setBy }: TrustSetting): string | undefined {
  const address = parseTrustAddress(value);
  if (address.kind === 'file') return resolve(folder, address.path);
  // With `trustStoreFromAppSetting`, an app reads the document from the setting itself.
  if (address.kind !== 'refused' || address.code === 'document') return undefined;
  throw new ToolFailure(`${trustSettingName} in ${setBy} can't be used. ${address.message}`, {
    remedy: address.remedy,
  });
}

async function expectFile(path: string, namedBy: string, remedy: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return;
  const what = found === undefined ? `There is no trust document at ${path}` : `${path} is not a file`;
  throw new ToolFailure(`${what}, which ${namedBy} names.`, { remedy });
}

export interface JudgedCallers {
  /** Callers without a certificate, callers that must stay unknown, and callers that the document lists. */
  readonly callers: readonly Caller[];
  /** Names of callers that were made to be admitted, but that the document doesn't list. */
  readonly unknown: readonly string[];
  /** Undefined if the document is not a file. */
  readonly snapshot: TrustSnapshot | undefined;
}

/**
 * Decides what checks expect of the callers under the user's own document: only callers that it lists are trusted.
 * Callers of the user's own, and callers that were made to be admitted, are left out if it doesn't list them.
 */
export async function judgeCallers(
  callers: readonly Caller[],
  { file }: Pick<OwnTrust, 'file'>,
  now: number,
): Promise<JudgedCallers> {
  const snapshot = file === undefined ? undefined : await readSnapshot(file);
  const judged = callers.map((caller) => ({ caller, ...judgeCaller(caller, snapshot, now) }));
  const isUnknown = ({ caller, isListed }: (typeof judged)[number]): boolean => caller.isTrusted && !isListed;
  const isLeftOut = (each: (typeof judged)[number]): boolean =>
    isUnknown(each) || (each.caller.isOwn === true && !each.isListed);
  return {
    callers: judged.filter((each) => !isLeftOut(each)).map(({ asListed }) => asListed),
    unknown: judged.filter(isUnknown).map(({ caller }) => caller.name),
    snapshot,
  };
}

/** The caller as the gate judges it by the document. Without a document, no caller is listed. */
export function judgeCaller(
  caller: Caller,
  snapshot: TrustSnapshot | undefined,
  now: number,
): { readonly isListed: boolean; readonly asListed: Caller } {
  const asUnknown: Caller = { ...caller, isTrusted: false, roles: [] };
  if (caller.certificate === undefined || snapshot === undefined) return { isListed: false, asListed: asUnknown };
  // Report-only lets every known caller through, whatever its roles and functions are.
  const requirement = { functionName: '', roles: [], reportOnlyUntil: now + 1 };
  const header = Buffer.from(caller.certificate.certificate.der).toString('base64');
  const decision = decideAccess({ header, trust: snapshot, requirement, now });
  // No revocation list is read here, so it is unknown whether an authority that needs one admits the caller.
  const isUnlisted = decision.code === 'certificate_not_trusted' || decision.code === 'revocation_unavailable';
  if (decision.outcome === 'denied') return { isListed: !isUnlisted, asListed: asUnknown };
  const { roles, functions } = decision.identity;
  return {
    isListed: true,
    asListed: { ...caller, isTrusted: true, roles, ...(functions === undefined ? {} : { functions }) },
  };
}

async function readSnapshot(file: string): Promise<TrustSnapshot> {
  const text = await readFile(file, 'utf8');
  try {
    return parseTrustDocument(text, { audience: anyAudience });
  } catch (cause) {
    if (!(cause instanceof TrustDocumentError)) throw cause;
    throw new ToolFailure(`${file} is not a valid trust document: ${cause.message}`, {
      remedy: `See all that is wrong with it: ${formatToolCall(['trust', 'check', '--store', file])}`,
      cause,
    });
  }
}
