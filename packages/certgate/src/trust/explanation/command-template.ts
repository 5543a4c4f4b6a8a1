// Commands as docs/errors.md shows them, and as people run them: the same template, with the values filled in.
import { formatToolCall } from '../../texts/tool-call.js';

/**
 * Values by placeholder, which is a word in capitals. A list repeats the option before the placeholder, and an empty
 * list removes it. `instead` replaces the option and the placeholder.
 */
export type TemplateValues = Readonly<
  Record<string, string | readonly string[] | { readonly instead: readonly string[] } | undefined>
>;

/** The words of a command line, without a shell's quoting. */
export type CommandWords = readonly string[];

/**
 * Fills in the values and appends `more`, but before names that begin with a hyphen.
 *
 * @throws {Error} if `values` has no value for a placeholder.
 */
export function fillTemplate(template: string, values: TemplateValues, more: CommandWords = []): CommandWords {
  const names: string[] = [];
  const parts = template.matchAll(/(?:(?<option>--\S+) )?\b(?<placeholder>[A-Z][A-Z_]+)\b|\S+/g);
  const words = [...parts].flatMap(({ 0: word, groups: { option, placeholder } = {} }) => {
    if (placeholder === undefined) return [word];
    const value = values[placeholder];
    if (value === undefined) throw new Error(`The command "${template}" has no value for ${placeholder}.`);
    if (typeof value === 'object' && 'instead' in value) return value.instead;
    const texts = typeof value === 'string' ? [value] : value;
    if (option !== undefined) return texts.flatMap((text) => [option, text]);
    // A name that begins with a hyphen would be read as an option.
    if (!texts.some((text) => text.startsWith('-'))) return texts;
    names.push(...texts);
    return [];
  });
  return [...words, ...more, ...(names.length === 0 ? [] : ['--', ...names])];
}

/**
 * Formats a command from a template, its values and the options that every change needs.
 *
 * @throws {Error} if a placeholder has no value.
 */
export function formatChange(
  template: RemedyTemplate,
  values: TemplateValues,
  { reason, store }: { readonly reason: string; readonly store: string },
): string {
  return formatToolCall(fillTemplate(remedyTemplates[template], values, ['--reason', reason, '--store', store]));
}

/** The commands that end denials or warnings. `--reason` and `--store` are appended to each. */
export const remedyTemplates = {
  enable: 'trust enable NAME',
  enablePin: 'trust enable NAME --pin PIN',
  clearPinStart: 'trust set NAME --pin PIN --not-before none',
  clearPinIssuer: 'trust set NAME --pin PIN --issued-by none --not-after TIME',
  endPinGrace: 'trust set NAME --pin PIN --accept-without-client-auth-until none',
  movePinEnd: 'trust set NAME --pin PIN --not-after TIME',
  extend: 'trust add NAME --to-existing --expires-at TIME',
  addFunction: 'trust add NAME --to-existing --function FUNCTION',
  addRole: 'trust add NAME --to-existing --role ROLE',
  removePin: 'trust remove NAME --pin PIN',
  removeEntries: 'trust remove NAME --pin PIN --issued-by AUTHORITY --dns DNS',
  addCertificate: 'trust add NAME --to-existing --certificate FILE',
  addName: 'trust add NAME --to-existing --issued-by AUTHORITY --dns DNS',
  addIdentity: 'trust add NAME --certificate FILE --role ROLE --function FUNCTION',
  addNamedIdentity: 'trust add NAME --issued-by AUTHORITY --dns DNS --role ROLE --function FUNCTION',
  replacePin: 'trust rotate NAME --pin PIN --certificate FILE --overlap 0',
  rotate: 'trust rotate NAME --certificate NEW_FILE --overlap 14d',
  unlock: 'trust unlock',
  undeny: 'trust undeny THUMBPRINT',
  undenySerial: 'trust undeny --issued-by AUTHORITY --serial HEX',
  addIntermediate: 'trust authority add AUTHORITY --to-existing --intermediate CA_FILE',
  addTrustAnchor: 'trust authority add AUTHORITY --to-existing --trust-anchor CA_FILE',
  addRotated:
    'trust authority add AUTHORITY --to-existing --trust-anchor ROOT_FILE --intermediate CA_FILE --crl ADDRESS',
  acceptNoRevAvail: 'trust authority add AUTHORITY --to-existing --accept-no-rev-avail SECONDS',
  extendLists: 'trust authority add AUTHORITY --to-existing --grace-seconds SECONDS',
  askOnlyCallers: 'trust authority add AUTHORITY --to-existing --scope end-entity',
  readLeadingDot: 'trust authority add AUTHORITY --to-existing --dns-constraints-with-leading-dot subdomains-only',
  addRevocationList: 'trust authority add AUTHORITY --to-existing --crl ADDRESS',
  sign: 'trust sign --signing-key KEY_FILE',
  restore: 'trust restore DOCUMENT --revision REVISION',
} as const;

export type RemedyTemplate = keyof typeof remedyTemplates;
