import { DOMParser, MIME_TYPE, type Element } from '@xmldom/xmldom';
import { formatTrustChange } from '../../faults/tool-call.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import { escapeControls } from '../../faults/safe-text.js';
import {
  explainNoThumbprint,
  findImportedThumbprint,
  type ImportEntry,
  type ImportReading,
  type ImportRefusal,
} from './import-reading.js';

export interface PolicyReadingOptions {
  /** Import also where API Management looks up whether a certificate is revoked, which a pin doesn't do. */
  readonly withoutRevocation?: boolean;
}

/**
 * The callers that an API Management policy names in the `<identity>` elements of its `<validate-client-certificate>`.
 * A caller named by its thumbprint becomes an entry; every other one is refused, with the reason.
 * https://learn.microsoft.com/azure/api-management/validate-client-certificate-policy
 *
 * @throws {ToolFailure} when the text is no policy, or when who gets through depends on more than this one element.
 */
export function readApiManagementPolicy(text: string, options: PolicyReadingOptions = {}): ImportReading {
  const statements = listStatements(parsePolicy(text));
  const check = findCheck(statements);
  const isRevocationChecked = readFlag(check, 'validate-revocation') !== 'false';
  const entries: ImportEntry[] = [];
  const refusals: ImportRefusal[] = [];
  for (const identity of listIdentities(check)) {
    const result = readIdentity(identity, isRevocationChecked && options.withoutRevocation !== true);
    if ('thumbprint' in result) entries.push(result);
    else refusals.push(result);
  }
  return {
    format: 'policy',
    entries,
    refusals,
    faults: [],
    notes: [
      ...listNotes(check, statements),
      ...(isRevocationChecked && entries.length > 0 ? [describeRevocation()] : []),
    ],
  };
}

const describeRevocation = (): string =>
  `Certgate does not look up whether these certificates are revoked. When one is, disable its pin at once: ${formatTrustChange('disable', ['NAME'], ['--pin', 'PIN'])}`;

/** API Management takes no larger policy either. It also bounds what the parser spends on a hostile one. */
const maximumPolicyLength = 262_144;

/** What no policy needs and what costs a parser more than its length: document types, entities, namespaces. */
const unusableMarkup: readonly (readonly [RegExp, string])[] = [
  [/<!(?!--|\[CDATA\[)/, 'a document type or another declaration'],
  [/\bxmlns\b/i, 'an XML namespace'],
];

function parsePolicy(text: string): Element {
  if (text.length > maximumPolicyLength) {
    throw new ToolFailure('The policy is larger than 256 KiB, and API Management accepts no policy of that size.', {
      remedy: 'Copy its <validate-client-certificate> element into a separate file, and import that.',
    });
  }
  const expression = /@[({]/.exec(text);
  if (expression !== null) throw refuseExpression(text, expression.index);
  for (const [pattern, what] of unusableMarkup) {
    const match = pattern.exec(text);
    if (match === null) continue;
    throw new ToolFailure(`The policy has ${what} (line ${lineOf(text, match.index)}), which is not read.`, {
      remedy: 'Remove it: API Management needs none in a policy.',
    });
  }
  try {
    const parser = new DOMParser({
      // The parser repairs what it only warns about: a repaired policy may say something else than the one that runs.
      onError: (_level, message) => {
        throw new Error(message);
      },
    });
    const { documentElement } = parser.parseFromString(text, MIME_TYPE.XML_TEXT);
    if (documentElement !== null) return documentElement;
  } catch (cause) {
    const fault = cause instanceof Error ? printable((cause.cause instanceof Error ? cause.cause : cause).message) : '';
    throw new ToolFailure(`The policy is not well-formed XML: ${fault.replace(/\.$/, '')}.`, {
      remedy:
        'Copy it whole. Inside an attribute value, write &quot; for a quotation mark, &amp; for & and &lt; for <.',
      cause,
    });
  }
  throw new ToolFailure('The policy has no element.');
}

/** An expression is C# that API Management runs for each request: what it lets in can't be read off a text. */
function refuseExpression(text: string, position: number): ToolFailure {
  return new ToolFailure(
    `The policy has an expression (line ${lineOf(text, position)}). API Management evaluates expressions for each request, and Certgate can't tell who gets through.`,
    {
      remedy:
        'If a <validate-client-certificate> is in <inbound> unconditionally, copy that element into a file and import it. Otherwise write the thumbprints of the callers that you mean to admit into a list, one on a line, and import the list.',
    },
  );
}

/** A whole policy has sections, of which `inbound` decides who is admitted; a fragment holds the statements themselves. */
function listStatements(root: Element): readonly Element[] {
  switch (root.nodeName) {
    case 'policies':
      return listChildren(root)
        .filter(({ nodeName }) => nodeName === 'inbound')
        .flatMap(listChildren);
    case 'inbound':
    case 'fragment':
      return listChildren(root);
    default:
      return [root];
  }
}

/** The one check that each call passes. One that stands inside another statement runs for some calls only. */
function findCheck(statements: readonly Element[]): Element {
  const checks = statements.filter(({ nodeName }) => nodeName === checkName);
  const nested = statements.flatMap((statement) => [...statement.getElementsByTagName(checkName)]);
  const [check] = checks;
  if (check === undefined && nested.length === 0) {
    throw new ToolFailure(`The policy has no <${checkName}> in its <inbound> section.`, {
      remedy:
        'If the check is in another policy (of the API, the product or the workspace) or in a fragment, import that.',
    });
  }
  if (check !== undefined && checks.length === 1 && nested.length === 0) return check;
  const lines = [...checks, ...nested].map(lineOfElement).join(', ');
  throw new ToolFailure(
    `Certgate reads one <${checkName}>, directly in <inbound>. This policy has another arrangement (line ${lines}), and who gets through depends on all of it.`,
    {
      remedy: 'Write the thumbprints of the callers that you mean to admit into a list, one on a line, and import it.',
    },
  );
}

const checkName = 'validate-client-certificate';

function readFlag(element: Element, name: string): string | undefined {
  return element.getAttribute(name)?.trim().toLowerCase();
}

function listIdentities(check: Element): readonly Element[] {
  const identities = listChildren(check)
    .filter(({ nodeName }) => nodeName === 'identities')
    .flatMap(listChildren);
  if (identities.length > 0) return identities;
  throw new ToolFailure(
    `<${checkName}> (line ${lineOfElement(check)}) lists no <identity>: API Management admits any certificate there.`,
    {
      remedy: `Pin the certificates of the callers that you mean to admit: ${formatTrustChange('add', ['NAME'], ['--certificate', 'FILE'])}`,
    },
  );
}

/** What an identity asks of a certificate besides its thumbprint. */
const claimNames: ReadonlySet<string> = new Set([
  'serial-number',
  'common-name',
  'subject',
  'dns-name',
  'issuer-subject',
  'issuer-thumbprint',
  'issuer-certificate-id',
]);

function readIdentity(identity: Element, needsRevocation: boolean): ImportEntry | ImportRefusal {
  const origin = `line ${lineOfElement(identity)}`;
  const attributes = [...identity.attributes];
  const item = printable(attributes.map(({ name, value }) => `${name}="${value}"`).join(' ')) || '<identity>';
  const refuse = (reason: string): ImportRefusal => ({ origin, item, reason });
  const unknown = attributes.find(({ name }) => name !== 'thumbprint' && !claimNames.has(name));
  if (identity.nodeName !== 'identity' || unknown !== undefined) {
    return refuse(
      `<${printable(identity.nodeName)}> with ${printable(unknown?.name ?? 'this name')} is not known here`,
    );
  }
  const written = identity.getAttribute('thumbprint');
  if (written === null) return refuse(explainNameless(attributes.length));
  if (written.includes('{{')) return refuse('its thumbprint is a named value; write the value itself into the file');
  const thumbprint = findImportedThumbprint(written);
  if (thumbprint === undefined) return refuse(explainNoThumbprint(written));
  if (thumbprint.algorithm === 'sha256') {
    return refuse('API Management compares SHA-1 thumbprints, so this SHA-256 thumbprint admits nobody');
  }
  if (needsRevocation) return { ...refuse(revocationReason), item: thumbprint.value };
  const claims = attributes.filter(({ name }) => name !== 'thumbprint');
  return { thumbprint, name: findName(identity), origin, notes: claims.length === 0 ? [] : [describeClaims(claims)] };
}

const revocationReason =
  'API Management looks up whether it is revoked, and a pin does not; --without-revocation imports it anyway, and you must then disable its pin when it is revoked';

function explainNameless(count: number): string {
  return count === 0
    ? 'it admits any certificate; pin those of the callers that you mean to admit'
    : "a name proves nothing without the authority that issued it, and the policy doesn't hold that; pin the callers' certificates, or trust the authority and the name by hand";
}

function describeClaims(claims: readonly { readonly name: string; readonly value: string }[]): string {
  const texts = claims.map(({ name, value }) => printable(`${name}="${value}"`)).join(', ');
  return `not compared: ${texts}. The thumbprint identifies one certificate; make sure that the certificate says this`;
}

/** A named value (`{{…}}`) is no name. */
function findName(identity: Element): string | undefined {
  const name = identity.getAttribute('common-name')?.trim() ?? '';
  return name === '' || name.includes('{{') ? undefined : name;
}

function listNotes(check: Element, statements: readonly Element[]): readonly string[] {
  const others = new Set(statements.filter((each) => each !== check).map(({ nodeName }) => `<${printable(nodeName)}>`));
  const hasDates =
    readFlag(check, 'validate-not-before') !== 'false' && readFlag(check, 'validate-not-after') !== 'false';
  return [
    ...(readFlag(check, 'ignore-error') === 'true'
      ? [
          'ignore-error="true": API Management admits everybody there. Certgate admits only the callers that are imported.',
        ]
      : []),
    ...(hasDates ? [] : ['API Management does not check the dates of certificates there; Certgate always does.']),
    ...(others.size > 0 ? [`Also in this policy, and not imported: ${[...others].join(', ')}.`] : []),
  ];
}

function listChildren(element: Element): readonly Element[] {
  return [...element.childNodes].filter((node): node is Element => node.nodeType === node.ELEMENT_NODE);
}

function lineOfElement({ lineNumber }: Element): number {
  return lineNumber ?? 1;
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function printable(text: string): string {
  const line = escapeControls(text.replace(/\s+/g, ' '));
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
