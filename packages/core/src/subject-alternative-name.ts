import { decodeDistinguishedName, formatDistinguishedName } from './distinguished-name.js';
import {
  type DerElement,
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeObjectIdentifier,
  derTags,
  readSingle,
  refuseDer,
} from './encoding/der.js';

/** A GeneralName (RFC 5280 §4.2.1.6) with its type, so that a URI can never be taken for a DNS name. */
export interface SubjectAlternativeName {
  readonly type: 'dns' | 'uri' | 'email' | 'ip' | 'directoryName' | 'registeredId' | 'other';
  /** Text for dns, uri, email and ip; RFC 4514 for directoryName; dotted for registeredId; hexadecimal DER for other. */
  readonly value: string;
}

export function decodeSubjectAlternativeNames(extensionValue: Uint8Array): readonly SubjectAlternativeName[] {
  const reader = new DerReader(readSingle(extensionValue, derTags.sequence).content);
  const names: SubjectAlternativeName[] = [];
  // GeneralNames ::= SEQUENCE SIZE (1..MAX)
  do names.push(decodeGeneralName(reader.read()));
  while (!reader.isAtEnd);
  return names;
}

function decodeGeneralName(name: DerElement): SubjectAlternativeName {
  switch (name.tag) {
    case contextPrimitive(1):
      return { type: 'email', value: decodeIa5(name.content) };
    case contextPrimitive(2):
      return { type: 'dns', value: decodeIa5(name.content) };
    case contextConstructed(4):
      return {
        type: 'directoryName',
        value: formatDistinguishedName(decodeDistinguishedName(readSingle(name.content, derTags.sequence))),
      };
    case contextPrimitive(6):
      return { type: 'uri', value: decodeIa5(name.content) };
    case contextPrimitive(7):
      return { type: 'ip', value: formatAddress(name.content) };
    case contextPrimitive(8):
      return {
        type: 'registeredId',
        value: decodeObjectIdentifier({ ...name, tag: derTags.objectIdentifier }),
      };
    case contextConstructed(0):
    case contextConstructed(3):
    case contextConstructed(5):
      return { type: 'other', value: Buffer.from(name.encoded).toString('hex') };
    default:
      return refuseDer('a subject alternative name of no known form');
  }
}

/** IA5String; NUL and other control characters are refused: "good.example\0.evil.example" has fooled many readers. */
function decodeIa5(content: Uint8Array): string {
  if (!content.every((octet) => octet >= 0x20 && octet < 0x7f)) return refuseDer('a name with control characters');
  return Buffer.from(content).toString('latin1');
}

function formatAddress(content: Uint8Array): string {
  if (content.length === 4) return content.join('.');
  if (content.length !== 16) return refuseDer('an IP address of neither 4 nor 16 octets');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((content[index * 2] ?? 0) << 8) | (content[index * 2 + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
