import { createEnvoy } from '../front-ends/envoy.js';
import type { FrontEnd } from '../front-ends/front-end.js';
import { findFrontEnd, type FrontEndName, frontEndNames } from '../front-ends/front-end-table.js';
import {
  applicationGatewayCaptures,
  envoyCaptures,
  type FrontEndCapture,
  rfc9440Example,
  traefikCaptures,
} from './front-end-captures.js';
import {
  caller,
  type Fields,
  type Refused,
  refusedBase64,
  refusedByteSequences,
  refusedPem,
  victim,
} from './front-end-stage.js';
import { base64Of, byteSequenceOf, escapedBodyOf, escapedPemOf, forwardedElementOf } from './front-end-wire.js';

/** By their names in lower case. */
export type WrittenFields = Readonly<Record<string, string>>;

/** What a front end writes, as the tests of every front end need it. */
export interface FrontEndForm {
  readonly frontEnd: FrontEnd;
  /** The fields for a leaf, and for certificates that came with it where the front end hands them on. */
  readonly write: (der: Uint8Array, chain?: readonly Uint8Array[]) => WrittenFields;
  /** What the leaf is remembered by. */
  readonly leafText: (der: Uint8Array) => string;
  /** In the first field, beside what no front end's grammar allows. */
  readonly refused: Refused;
  /** The field that says whether the certificate was verified; undefined where the front end says nothing. */
  readonly verification?: { readonly field: string; readonly success: string; readonly unverified: readonly string[] };
  /** What stands in the first field where no certificate came, if it is not left out. */
  readonly placeholder?: string;
  readonly handsOnChain: boolean;
  readonly captures: readonly FrontEndCapture[];
}

type Form = Omit<FrontEndForm, 'frontEnd'>;

/** A front end without a form does not compile. */
const forms: Readonly<Record<FrontEndName, Form>> = {
  'app-service': {
    write: (der) => ({ 'x-arr-clientcert': base64Of(der) }),
    leafText: base64Of,
    refused: refusedBase64,
    handsOnChain: false,
    captures: [],
  },
  'application-gateway': {
    write: (der) => ({ 'x-client-certificate': escapedPemOf(der) }),
    leafText: escapedBodyOf,
    refused: refusedPem,
    verification: {
      field: 'x-client-certificate-verification',
      success: 'SUCCESS',
      unverified: ['UNVERIFIED', 'PASSTHROUGH'],
    },
    handsOnChain: false,
    captures: applicationGatewayCaptures,
  },
  envoy: {
    write: (der, chain) => ({ 'x-forwarded-client-cert': forwardedElementOf({ leaf: der, ...(chain && { chain }) }) }),
    leafText: escapedBodyOf,
    refused: listRefusedElements(),
    handsOnChain: true,
    captures: envoyCaptures,
  },
  nginx: {
    write: (der) => ({ 'ssl-client-cert': escapedPemOf(der) }),
    leafText: escapedBodyOf,
    refused: refusedPem,
    verification: { field: 'ssl-client-verify', success: 'SUCCESS', unverified: ['UNVERIFIED'] },
    handsOnChain: false,
    captures: [],
  },
  haproxy: {
    write: (der) => ({ 'x-client-certificate': base64Of(der) }),
    leafText: base64Of,
    refused: refusedBase64,
    verification: { field: 'x-client-certificate-verification', success: '0', unverified: ['UNVERIFIED'] },
    handsOnChain: false,
    captures: [],
  },
  caddy: {
    write: (der) => ({ 'x-client-certificate': base64Of(der) }),
    leafText: base64Of,
    refused: [...refusedBase64, ...listRefusedPlaceholders('{http.request.tls.client.certificate_der_base64}')],
    placeholder: '{http.request.tls.client.certificate_der_base64}',
    handsOnChain: false,
    captures: [],
  },
  traefik: {
    write: (der, chain = []) => ({ 'x-forwarded-tls-client-cert': [der, ...chain].map(base64Of).join(',') }),
    leafText: base64Of,
    refused: listRefusedLists(),
    handsOnChain: true,
    captures: traefikCaptures,
  },
  rfc9440: {
    write: (der, chain = []) => ({
      'client-cert': byteSequenceOf(der),
      ...(chain.length > 0 && { 'client-cert-chain': chain.map(byteSequenceOf).join(', ') }),
    }),
    leafText: base64Of,
    refused: refusedByteSequences,
    handsOnChain: true,
    captures: [rfc9440Example],
  },
};

export const frontEndForms: readonly FrontEndForm[] = frontEndNames.map((name) => ({
  frontEnd: findFrontEnd(name),
  ...forms[name],
}));

/** Envoy behind another hop, whose element comes first. */
export const secondElement: FrontEndForm = {
  ...forms.envoy,
  frontEnd: createEnvoy(2),
  write: (der) => {
    const elements = [caller.der, der].map((leaf) => forwardedElementOf({ leaf }));
    return { 'x-forwarded-client-cert': elements.join(',') };
  },
};

/** With success as the result of the verification, where the front end has a field for it. */
export function writeVerified({ write, verification }: FrontEndForm, der: Uint8Array): WrittenFields {
  return { ...write(der), ...(verification && { [verification.field]: verification.success }) };
}

/** Lines of a request's head, as they come. */
export type Lines = readonly (readonly [name: string, value: string])[];

/** The victim's certificate comes first or last, beside the line that the front end itself writes. Empty lines count too. */
export function listDoubledLines(form: FrontEndForm): readonly Lines[] {
  const own = Object.entries(writeVerified(form, caller.der));
  const [field = ''] = form.frontEnd.fields;
  return [form.write(victim.der)[field] ?? '', ''].flatMap((value) => {
    const other = [field.toUpperCase(), value] as const;
    return [
      [other, ...own],
      [...own, other],
    ];
  });
}

export function withResult({ verification }: FrontEndForm, fields: Fields, result: string | null | undefined): Fields {
  return verification === undefined ? fields : { ...fields, [verification.field]: result };
}

/** Its own grammar has more (envoy.test.ts). */
function listRefusedElements(): Refused {
  const element = forwardedElementOf({ leaf: caller.der });
  return [
    ['two lines', `${element},${element}`, 'certificate_multiple'],
    ['two lines, as Headers joins them', `${element}, ${element}`, 'certificate_multiple'],
    ['a comma behind', `${element},`, 'certificate_malformed'],
    ['base64 of the DER', base64Of(caller.der), 'certificate_malformed'],
    ...refusedPem.map(([what, text, code]) => [`${what}, in Cert`, `Cert="${text ?? ''}"`, code] as const),
  ];
}

function listRefusedPlaceholders(placeholder: string): Refused {
  const others = [`${placeholder}x`, `:${placeholder}:`, placeholder.toUpperCase(), '{}', placeholder.slice(1)];
  return [
    ...others.map((text) => [`the placeholder as ${text}`, text, 'certificate_malformed'] as const),
    ['the placeholder twice', `${placeholder},${placeholder}`, 'certificate_multiple'],
  ];
}

/** Two lines without a space between them look like a certificate and what came with it: the request's reader decides. */
function listRefusedLists(): Refused {
  const [leaf, other] = [base64Of(caller.der), base64Of(victim.der)];
  return [
    ...refusedBase64.filter(([what]) => what !== 'two lines'),
    ['a comma in front', `,${leaf}`, 'certificate_multiple'],
    ['a comma alone', ',', 'certificate_multiple'],
    ['an empty member', `${leaf},,${other}`, 'certificate_multiple'],
    ['a space behind a comma', `${leaf},${other}, ${other}`, 'certificate_multiple'],
    ['a space before a comma', `${leaf} ,${other}`, 'certificate_multiple'],
    ['a tab behind a comma', `${leaf},\t${other}`, 'certificate_multiple'],
    ['a malformed leaf before a certificate', `null,${leaf}`, 'certificate_malformed'],
    ['percent-encoded, as before 2.9.4', encodeURIComponent(leaf), 'certificate_malformed'],
    [
      'percent-encoded with its chain',
      `${encodeURIComponent(leaf)},${encodeURIComponent(other)}`,
      'certificate_malformed',
    ],
    [
      'armour without line breaks',
      `-----BEGIN CERTIFICATE-----${leaf}-----END CERTIFICATE-----`,
      'certificate_malformed',
    ],
    ['its other field', encodeURIComponent('Subject="CN=caller"'), 'certificate_malformed'],
  ];
}
