import { findInstant } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { isRevocationReason, type RevocationReasonChoice } from '../structure/certificate-choices.js';

/**
 * What an authority has issued and revoked, and which revocation list it wrote last. Keys must never be renamed,
 * because users keep their registers.
 */
export interface AuthorityRegister {
  readonly version: 1;
  /** The name of the authority that signed this one. Null for a root. */
  readonly parent: string | null;
  /** The latest revocation list. Its number must always rise (RFC 5280 §5.2.3). */
  readonly list: { readonly number: number; readonly thisUpdate: string; readonly nextUpdate: string };
  readonly issued: readonly IssuedEntry[];
  readonly revoked: readonly RevokedEntry[];
}

export interface IssuedEntry {
  /** In upper-case hexadecimal, without separators. */
  readonly serialNumber: string;
  readonly kind: 'end-entity' | 'authority';
  readonly subject: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly thumbprintSha256: string;
}

export interface RevokedEntry {
  readonly serialNumber: string;
  readonly revokedAt: string;
  readonly reason: RevocationReasonChoice;
}

export function formatRegister(register: AuthorityRegister): string {
  return `${JSON.stringify(register, null, 2)}\n`;
}

/**
 * Reads a register. Throws ToolFailure for anything that doesn't have the form of a register: if a register were read
 * only in part, a revocation could be missed, and its caller would be admitted.
 */
export function parseRegister(text: string, path: string): AuthorityRegister {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isRegister(value)) return value;
  throw new ToolFailure(
    `The register ${path} is damaged, or was written by another version of this tool. Nothing was changed.`,
    {
      remedy: 'Restore it from a backup. Without it, it is unknown what was issued and revoked.',
    },
  );
}

function isRegister(value: unknown): value is AuthorityRegister {
  if (!isJsonObject(value) || !isJsonObject(value['list'])) return false;
  const { version, parent, list, issued, revoked } = value;
  return (
    version === 1 &&
    (parent === null || typeof parent === 'string') &&
    isJsonObject(list) &&
    Number.isSafeInteger(list['number']) &&
    isInstant(list['thisUpdate']) &&
    isInstant(list['nextUpdate']) &&
    isListOf(issued, isIssued) &&
    isListOf(revoked, isRevoked)
  );
}

function isIssued(entry: JsonObject): boolean {
  return (
    isSerialNumber(entry['serialNumber']) &&
    (entry['kind'] === 'end-entity' || entry['kind'] === 'authority') &&
    typeof entry['subject'] === 'string' &&
    typeof entry['thumbprintSha256'] === 'string' &&
    isInstant(entry['notBefore']) &&
    isInstant(entry['notAfter'])
  );
}

function isRevoked(entry: JsonObject): boolean {
  return isSerialNumber(entry['serialNumber']) && isInstant(entry['revokedAt']) && isRevocationReason(entry['reason']);
}

function isListOf(value: unknown, isEntry: (entry: JsonObject) => boolean): boolean {
  return Array.isArray(value) && value.every((entry) => isJsonObject(entry) && isEntry(entry));
}

function isSerialNumber(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[0-9A-F]{2}){1,20}$/.test(value);
}

function isInstant(value: unknown): boolean {
  return typeof value === 'string' && findInstant(value) !== undefined;
}
