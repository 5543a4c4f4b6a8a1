// Writes the tables of keys in docs/trust-document.md, from the table that the parser uses and the texts of the JSON
// Schema.
import { readFileSync } from 'node:fs';
import { getDocumentKeys } from '../../packages/core/dist/esm/trust-document/document-keys.js';
import { prose } from './markdown.mjs';

const documentKeys = getDocumentKeys();
const schema = JSON.parse(readFileSync(new URL('../../packages/core/trust.schema.json', import.meta.url), 'utf8'));

/** The section that explains more about a key. */
const more = {
  audience: ['Options', 'trust-sources.md#options'],
  locked: ['A locked document', '#a-locked-document'],
  authorities: ['Trust the certificates of a CA', 'authorities.md'],
  denied: ['The deny list', '#the-deny-list'],
  dnsConstraintsWithLeadingDot: ['Name constraints', 'authorities.md#name-constraints-with-a-leading-dot'],
  minimumCrlNumbers: ['An older list', 'authorities.md#an-older-list'],
  noRevAvailMaximumLifetimeSeconds: [
    'Without revocation information',
    'authorities.md#certificates-without-revocation-information',
  ],
  names: ['Names under an authority', '#names-under-an-authority'],
  publicKeySha256: ['Public-key pins', '#public-key-pins'],
  acceptWithoutClientAuth: ['Public CAs', 'public-certificates.md'],
};

/** The objects of a document, each with the key that leads to it, in the order in which a reader meets them. */
function listPlaces() {
  const places = [['the document', 'document']];
  for (const [, objectName] of places)
    for (const [key, type] of Object.entries(documentKeys[objectName])) {
      const inner = type.type === 'list' ? type.items : type;
      if (inner.type === 'object') places.push([`\`${key}${type.type === 'list' ? '[]' : ''}\``, inner.objectName]);
    }
  return places;
}

/**
 * Texts that are code in the schema's descriptions, in addition to what `prose` finds. Editors show the descriptions
 * unchanged.
 */
const literals = [
  'certgate trust authority list --json',
  'certgate trust lock',
  'certgate trust unlock',
  '*.corp.example',
  'a.corp.example',
  '.corp.example',
  'corp.example',
  'file:PATH',
  'https:',
  'http:',
  'when-available',
];
/** Words that are code only in these contexts. */
const inPlace = [
  '(?<=option )audience',
  'false(?= refuses)',
  '(?<=with )crls|(?<=or )ocsp',
  'dns(?= or uri)|(?<=dns or )uri',
  '(?<=default is |mode of )required|(?<=otherwise )off',
];
const escaped = literals.map((text) => text.replaceAll(/[.*]/g, String.raw`\$&`));
const codePattern = new RegExp(`(?<![\\w.*-])(?:${[...escaped, ...inPlace].join('|')})(?![\\w-])`, 'g');

function describeWords(words) {
  return prose(words.replace(codePattern, '`$&`'));
}

function describe(key, type, { description = '', default: standard, enum: values, enumDescriptions }) {
  const choices = (values ?? []).map((value, index) => {
    const words = enumDescriptions[index];
    const effect = describeWords(`${words[0].toLowerCase()}${words.slice(1)}`);
    return `\`${value}\`${value === standard ? ' (the default)' : ''}: ${effect}`;
  });
  const isLimited = type.type === 'list' && Number.isFinite(type.maximumCount);
  const limit = isLimited ? [`At most ${type.maximumCount.toLocaleString('en-US')}.`] : [];
  const link = Object.hasOwn(more, key) ? [`[${more[key][0]}](${more[key][1]})`] : [];
  return [describeWords(description), ...choices, ...limit, ...link].join(' ');
}

function lackProperty(objectName, key) {
  throw new Error(`packages/core/trust.schema.json lacks the key ${key} of ${objectName}.`);
}

export function writeTrustKeys() {
  const tables = listPlaces()
    .map(([place, objectName]) => {
      const { properties } = objectName === 'document' ? schema : schema.$defs[objectName];
      const alternatives = Object.keys(documentKeys[objectName]).filter(
        (key) => documentKeys[objectName][key].presence === 'alternative',
      );
      const rows = Object.entries(documentKeys[objectName]).map(([key, type]) => {
        const isFirst = key === alternatives[0];
        const presence = type.presence !== 'alternative' ? type.presence : isFirst ? 'one of these' : '';
        return `| \`${key}\` | ${presence} | ${describe(key, type, properties[key] ?? lackProperty(objectName, key))} |`;
      });
      return [`| In ${place} | Presence | Meaning |`, '|---|---|---|', ...rows].join('\n');
    })
    .join('\n\n');
  return [tables];
}
