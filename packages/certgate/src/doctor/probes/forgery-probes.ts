import { X509Certificate } from 'node:crypto';
import { type FrontEndName, frontEndNames } from '@certgate/core/internal';
import { escapePem, findPlayedFrontEnd, writeByteSequence } from '#local/gateway/front-ends/played-front-ends.js';
import type { ExaminedCertificate, Examination, ProbeRuns } from '../examination.js';
import type { ProbeId } from '../probe-table.js';
import type { Judgement } from '../verdict.js';
import { type Forgery, judgeForgeries } from './judge-forgeries.js';

export type ForgedField = readonly [name: string, value: string];

/**
 * The fields that a front end would write for a certificate and the issuers in its file. The field with the certificate
 * comes first. Anybody who has a copy of the certificate can write them.
 */
function forgeFields(frontEnd: FrontEndName, { certificatePem }: ExaminedCertificate): readonly ForgedField[] {
  const blocks = certificatePem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const [der, ...chain] = blocks.map((block) => Buffer.from(block.replaceAll(/-----.*-----/g, ''), 'base64'));
  return der === undefined ? [] : findPlayedFrontEnd(frontEnd).writeCertificate({ der, chain });
}

type Spelling = (name: string) => string;

const asItIs: Spelling = (name) => name;

export const forgeryProbes: ProbeRuns<Extract<ProbeId, `forged-${string}`>> = {
  'forged-header': (examination) => judgeForgeries(examination, forgeSpellings(examination, [asItIs], [false])),
  'forged-header-beside-denied': (examination) =>
    judgeForgeries(examination, forgeSpellings(examination, [asItIs], [true])),
  'forged-header-twice': (examination) => {
    const [certificate, ...others] = forgeOwnFields(examination);
    const [name, value] = certificate;
    return judgeForgeries(examination, [
      ...forgeWithAndWithoutDenied(examination, `${name} and ${name}`, [certificate, certificate, ...others]),
      ...forgeWithAndWithoutDenied(examination, `two values in one line of ${name}`, [
        [name, `${value},${value}`],
        ...others,
      ]),
    ]);
  },
  'forged-header-case': (examination) =>
    judgeSpellings(examination, [
      (name) => name.toLowerCase(),
      (name) => name.toUpperCase(),
      (name) => name.toLowerCase().replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
    ]),
  'forged-header-underscore': (examination) =>
    judgeSpellings(examination, [
      (name) => name.replaceAll('-', '_'),
      (name) => name.replace(/-(?=[^-]*$)/, '_'),
      (name) => name.replaceAll('-', '.'),
    ]),
  // Usual HTTP clients don't send such names. A lenient server may strip the white space and find the header.
  'forged-header-whitespace': (examination) =>
    judgeSpellings(examination, [
      (name) => `${name} `,
      (name) => `${name}\t`,
      (name) => ` ${name}`,
      (name) => `\t${name}`,
    ]),
  'forged-header-encoding': (examination) => {
    const [[name, own], ...others] = forgeOwnFields(examination);
    const encodings = listEncodings(examination.options.allowed.der).filter(([, value]) => value !== own);
    return judgeForgeries(
      examination,
      encodings.flatMap(([what, value]) =>
        forgeWithAndWithoutDenied(examination, `${name} with ${what}`, [[name, value], ...others]),
      ),
    );
  },
  // Forgeries for each other front end that Certgate knows, because the app may read another front end's fields than
  // its operator thinks.
  'forged-header-of-others': (examination) => {
    const { allowed, frontEnd, isAnyServer } = examination.options;
    const others = frontEndNames.filter((name) => name !== frontEnd);
    const known = others.flatMap((name) => {
      const fields = forgeFields(name, allowed);
      return forgeWithAndWithoutDenied(examination, `${nameFields(fields)} (${name})`, fields);
    });
    const named = factPrefixes.flatMap((prefix) =>
      forgeWithAndWithoutDenied(
        examination,
        `${prefix}-Verify, ${prefix}-S-DN and the like`,
        forgeFacts(prefix, allowed.der),
      ),
    );
    return judgeForgeries(examination, isAnyServer === true ? [...known, ...named] : known);
  },
};

/** Prefixes of fields in which nginx and Apache often pass on facts about a certificate that they verified. */
const factPrefixes: readonly string[] = ['X-SSL-Client', 'X-Client', 'SSL-Client', 'X-Client-Cert'];

function forgeFacts(prefix: string, der: Buffer): readonly ForgedField[] {
  const { subject, serialNumber, fingerprint } = new X509Certificate(der);
  const attributes = subject.split('\n');
  // RFC 2253 writes the last attribute first.
  const name = attributes.toReversed().join(',');
  const commonName = attributes.find((attribute) => attribute.startsWith('CN='))?.slice('CN='.length) ?? '';
  const facts = [
    ['Verify', 'SUCCESS'],
    ...['S-DN', 'DN', 'Subject', 'Subject-DN'].map((fact) => [fact, name] as const),
    ...['CN', 'S-DN-CN'].map((fact) => [fact, commonName] as const),
    ['Serial', serialNumber],
    ['Fingerprint', fingerprint.replaceAll(':', '').toLowerCase()],
  ] as const;
  return facts.map(([fact, value]) => [`${prefix}-${fact}`, Buffer.from(value).toString('latin1')]);
}

/** Forms in which other front ends write a certificate, and which an app may decode too; and an empty value. */
function listEncodings(der: Buffer): readonly (readonly [what: string, value: string])[] {
  const base64 = der.toString('base64');
  const lines = base64.match(/.{1,64}/g)?.join(' ') ?? '';
  return [
    ['PEM in one line', `-----BEGIN CERTIFICATE----- ${lines} -----END CERTIFICATE-----`],
    ['percent-encoded PEM', escapePem(der)],
    ['base64', base64],
    ['a byte sequence', writeByteSequence(der)],
    ['no value', ''],
  ];
}

/** The values of `usesDenied`: a forgery is sent without a certificate, and with the denied one. */
const certificateChoices: readonly boolean[] = [false, true];

export function forgeWithAndWithoutDenied(
  examination: Examination,
  what: string,
  fields: readonly ForgedField[],
): readonly Forgery[] {
  return certificateChoices.map((usesDenied) => forge(examination, what, fields, usesDenied));
}

/** The forgeries for each spelling of the front end's fields. */
function forgeSpellings(
  examination: Examination,
  spellings: readonly Spelling[],
  choices: readonly boolean[] = certificateChoices,
): readonly Forgery[] {
  return spellings.flatMap((spell) => {
    const fields = forgeOwnFields(examination).map(([name, value]) => [spell(name), value] as const);
    return choices.map((usesDenied) => forge(examination, nameFields(fields), fields, usesDenied));
  });
}

function judgeSpellings(examination: Examination, spellings: readonly Spelling[]): Promise<Judgement> {
  return judgeForgeries(examination, forgeSpellings(examination, spellings));
}

function nameFields(fields: readonly ForgedField[]): string {
  return fields.map(([name]) => JSON.stringify(name).slice(1, -1)).join(' and ');
}

/** The forged fields of the front end that the operator names. */
export function forgeOwnFields({ options }: Examination): readonly [ForgedField, ...ForgedField[]] {
  const [certificate, ...others] = forgeFields(options.frontEnd, options.allowed);
  if (certificate === undefined) throw new Error('a front end without a field');
  return [certificate, ...others];
}

function forge({ options }: Examination, what: string, fields: readonly ForgedField[], usesDenied: boolean): Forgery {
  const certificate = usesDenied ? { certificate: options.denied } : {};
  return {
    sent: `${what} ${usesDenied ? 'beside the denied certificate' : 'alone'}`,
    request: { fields, ...certificate },
    usesDenied,
  };
}
