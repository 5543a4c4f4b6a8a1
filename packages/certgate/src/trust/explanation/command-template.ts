// A command as docs/errors.md shows it, and as it is to be run: the same template with the values filled in.
import { formatToolCall } from '../../faults/tool-call.js';

/**
 * By placeholder, which is a word in capitals. A list repeats the option before the placeholder, and an empty one takes
 * it away; `instead` takes the place of the option and the placeholder.
 */
export type TemplateValues = Readonly<
  Record<string, string | readonly string[] | { readonly instead: readonly string[] } | undefined>
>;

/** Words of the command line, without a shell's quoting. */
export type CommandWords = readonly string[];

interface TemplatePart {
  readonly option: string | undefined;
  readonly word: string;
  readonly isPlaceholder: boolean;
}

/** @throws {Error} where `values` has no value for a placeholder of the template. */
export function fillTemplate(template: string, values: TemplateValues): CommandWords {
  const positionals: string[] = [];
  const words = readParts(template).flatMap(({ option, word, isPlaceholder }) => {
    if (!isPlaceholder) return option === undefined ? [word] : [option, word];
    const value = values[word];
    if (value === undefined) throw new Error(`The command "${template}" has no value for ${word}.`);
    if (typeof value === 'object' && 'instead' in value) return value.instead;
    const texts = typeof value === 'string' ? [value] : value;
    if (option !== undefined) return texts.flatMap((text) => [option, text]);
    // A name may begin with a hyphen, and would be read as an option.
    if (texts.some((text) => text.startsWith('-'))) {
      positionals.push(...texts);
      return [];
    }
    return texts;
  });
  return positionals.length === 0 ? words : [...words, '--', ...positionals];
}

/** For a page: without what stands in brackets, which only some commands need. */
export function describeTemplate(template: string): string {
  return template.replaceAll(/ \[[^\]]*\]/g, '');
}

function readParts(template: string): readonly TemplatePart[] {
  const words = template.replaceAll(/[[\]]/g, '').split(' ');
  const parts: TemplatePart[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const next = words[index + 1];
    if (word.startsWith('--') && next !== undefined && isPlaceholder(next)) {
      parts.push({ option: word, word: next, isPlaceholder: true });
      index += 1;
    } else {
      parts.push({ option: undefined, word, isPlaceholder: isPlaceholder(word) });
    }
  }
  return parts;
}

function isPlaceholder(word: string): boolean {
  return /^[A-Z][A-Z_]+$/.test(word);
}

/** A template with its values, and what every change needs. @throws {Error} where a placeholder has no value. */
export function formatChange(
  template: RemedyTemplate,
  values: TemplateValues,
  { reason, store }: { readonly reason: string; readonly store: string },
): string {
  return formatToolCall(
    withTail(fillTemplate(remedyTemplates[template], values), ['--reason', reason, '--store', store]),
  );
}

/** Options stand before `--`, behind which everything is a name. */
function withTail(words: CommandWords, tail: CommandWords): CommandWords {
  const end = words.indexOf('--');
  return end === -1 ? [...words, ...tail] : [...words.slice(0, end), ...tail, ...words.slice(end)];
}

/**
 * The commands that mend denials. What stands in brackets is left out of docs/errors.md; `--reason` and `--store` follow.
 * A placeholder whose list is empty goes with its option.
 */
export const remedyTemplates = {
  enable: 'trust enable NAME',
  enablePin: 'trust enable NAME --pin PIN',
  clearPinStart: 'trust set NAME --pin PIN --not-before none',
  movePinEnd: 'trust set NAME --pin PIN --not-after TIME',
  extend: 'trust add NAME --to-existing --expires-at TIME',
  addFunction: 'trust add NAME --to-existing --function FUNCTION',
  addRole: 'trust add NAME --to-existing --role ROLE',
  removePin: 'trust remove NAME --pin PIN',
  removeName:
    'trust remove NAME --issued-by AUTHORITY --dns DNS [--uri URI --email EMAIL --common-name COMMON_NAME --organizational-unit UNIT]',
  addCertificate: 'trust add NAME --to-existing --certificate FILE [--issued-by AUTHORITY]',
  addName:
    'trust add NAME --to-existing --issued-by AUTHORITY --dns DNS [--uri URI --email EMAIL --common-name COMMON_NAME --organizational-unit UNIT]',
  addIdentity: 'trust add NAME --certificate FILE --role ROLE --function FUNCTION',
  addNamedIdentity:
    'trust add NAME --issued-by AUTHORITY --dns DNS [--uri URI --email EMAIL --common-name COMMON_NAME --organizational-unit UNIT] --role ROLE --function FUNCTION',
  rotate: 'trust rotate NAME --certificate NEW_FILE --overlap 14d',
  unlock: 'trust unlock',
  undeny: 'trust undeny THUMBPRINT',
  undenySerial: 'trust undeny --issued-by AUTHORITY --serial HEX',
  addIntermediate: 'trust authority add AUTHORITY --to-existing --intermediate CA_FILE',
  addTrustAnchor: 'trust authority add AUTHORITY --to-existing --trust-anchor CA_FILE',
  acceptNoRevAvail: 'trust authority add AUTHORITY --to-existing --accept-no-rev-avail SECONDS',
  extendLists: 'trust authority add AUTHORITY --to-existing --grace-seconds SECONDS',
  askOnlyCallers: 'trust authority add AUTHORITY --to-existing --scope end-entity',
  readLeadingDot: 'trust authority add AUTHORITY --to-existing --dns-constraints-with-leading-dot subdomains-only',
  removeCaCertificate: 'trust authority remove AUTHORITY --thumbprint-sha256 THUMBPRINT',
  addRevocationList: 'trust authority add AUTHORITY --to-existing --crl ADDRESS',
  sign: 'trust sign --signing-key KEY_FILE',
} as const;

export type RemedyTemplate = keyof typeof remedyTemplates;
