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

/** Header fields by their names in lower case. */
export type WrittenFields = Readonly<Record<string, string>>;

/** What a front end writes, in the form that the tests of all front ends use. */
export interface FrontEndForm {
  readonly frontEnd: FrontEnd;
  /** The fields for a leaf, and for the certificates that came with it if the front end forwards them. */
  readonly write: (der: Uint8Array, chain?: readonly Uint8Array[]) => WrittenFields;
  /** The text by which the decision memory finds the leaf. */
  readonly leafText: (der: Uint8Array) => string;
  /** Texts in the first field that are refused, in addition to those that no front end's grammar allows. */
  readonly refused: Refused;
  /** The field that says whether the front end verified the certificate. Undefined if the front end doesn't say it. */
  readonly verification?: { readonly field: string; readonly success: string; readonly unverified: readonly string[] };
  /** The first field's text if no certificate came. Undefined if the front end then leaves the field out. */
  readonly placeholder?: string;
  readonly handsOnChain: boolean;
  readonly captures: readonly FrontEndCapture[];
}

type Form = Omit<FrontEndForm, 'frontEnd'>;

/** If a front end is missing here, the code does not compile. */
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

/** Envoy behind another proxy, whose element comes first. */
export const secondElement: FrontEndForm = {
  ...forms.envoy,
  frontEnd: createEnvoy(2),
  write: (der) => {
    const elements = [caller.der, der].map((leaf) => forwardedElementOf({ leaf }));
    return { 'x-forwarded-client-cert': elements.join(',') };
  },
};

/**
 * The fields for a certificate. If the front end has a field for the verification, it says that the verification
 * succeeded.
 */
export function writeVerified({ write, verification }: FrontEndForm, der: Uint8Array): WrittenFields {
  return { ...write(der), ...(verification && { [verification.field]: verification.success }) };
}

/** The lines of a request's head, in the order in which they come. */
export type Lines = readonly (readonly [name: string, value: string])[];

/**
 * Requests with an additional line of the first field, before or after the lines that the front end itself writes. The
 * additional line is empty, or has the victim's certificate.
 */
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

/** Texts that Envoy's field refuses; envoy.test.ts has more of them. */
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

/**
 * Texts that Traefik's field refuses. Two lines without a space between them are not among them: they look like a
 * certificate with its chain, so the reader of the request decides.
 */
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
