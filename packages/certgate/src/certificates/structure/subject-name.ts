import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from '@peculiar/asn1-x509';
import { ToolFailure } from '#local/tool-failure.js';

export interface SubjectParts {
  readonly commonName: string;
  readonly organization?: string;
}

/**
 * Makes a name from its most general part to the common name. Each part is written as a value and never as part of a
 * text, so nothing in it needs escaping. Throws ToolFailure if a part is empty, too long, or contains control
 * characters.
 */
export function createDistinguishedName({ commonName, organization }: SubjectParts): Name {
  const parts: readonly (readonly [string, string, string | undefined])[] = [
    ['2.5.4.10', 'An organization', organization],
    ['2.5.4.3', 'A certificate name', commonName],
  ];
  return new Name(
    parts.flatMap(([type, what, text]) => (text === undefined ? [] : [createPart(type, checkText(text, what))])),
  );
}

function createPart(type: string, utf8String: string): RelativeDistinguishedName {
  return new RelativeDistinguishedName([
    new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) }),
  ]);
}

/** RFC 5280 appendix A: each of these parts has at most 64 characters. */
function checkText(text: string, what: string): string {
  if (text.length > 0 && Array.from(text).length <= 64 && !/[\p{Cc}\p{Cs}]/u.test(text)) return text;
  throw new ToolFailure(`${what} must have 1 to 64 characters, none of them control characters.`);
}
