import { readFileSync, writeFileSync } from 'node:fs';
import { type OcspResponse, decodeOcspResponse } from '../revocation/ocsp-response.js';
import { type DerNode, encodeElement, encodeTree, getNode, parseTree } from './der-editing.js';
import { newTemporaryPath, runOpenssl } from './openssl.js';
import { type MadeAuthority, signBytes } from './revocation.js';

export type SuccessfulOcspResponse = Extract<OcspResponse, { responseStatus: 'successful' }>;

export const responderExtensions: readonly string[] = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = OCSPSigning',
];
export const noCheck = 'noCheck = ignored';

export interface OcspAnswering {
  readonly authority: MadeAuthority;
  readonly responder?: MadeAuthority;
  readonly request: Uint8Array;
  /** The authority's index: for each serial number in hexadecimal, `V`, or `R` with or without a reason. */
  readonly index: Readonly<Record<string, string>>;
  /** Options of `openssl ocsp`. By default, nextUpdate is 60 minutes after thisUpdate. */
  readonly options?: readonly string[];
}

/** Makes a responder's answer with openssl. Its thisUpdate and producedAt are the time of the call. */
export function answerOcsp({ authority, responder = authority, request, index, options }: OcspAnswering): Buffer {
  const [indexPath, requestPath, responsePath] = ['.txt', '.req', '.resp'].map(newTemporaryPath) as [
    string,
    string,
    string,
  ];
  const lines = Object.entries(index).map(([serialNumber, status]) => {
    const [state = 'V', reason] = status.split(' ');
    const revoked = state === 'R' ? `260601000000Z${reason === undefined ? '' : `,${reason}`}` : '';
    return `${state}\t350101000000Z\t${revoked}\t${serialNumber}\tunknown\t/CN=x${serialNumber}\n`;
  });
  writeFileSync(indexPath, lines.join(''));
  writeFileSync(requestPath, request);
  const signer = ['-CA', authority.pemPath, '-rsigner', responder.pemPath, '-rkey', responder.keyPath];
  const files = ['-index', indexPath, '-reqin', requestPath, '-respout', responsePath];
  runOpenssl(['ocsp', ...files, ...signer, ...(options ?? ['-nmin', '60'])]);
  return readFileSync(responsePath);
}

export function readOcsp(der: Uint8Array): SuccessfulOcspResponse {
  const decoding = decodeOcspResponse(der);
  if (!decoding.ok) throw new Error(decoding.fault);
  if (decoding.value.responseStatus !== 'successful') throw new Error(decoding.value.responseStatus);
  return decoding.value;
}

/** The response with data changed by `edit`, and signed again. */
export function editOcsp(der: Uint8Array, signer: MadeAuthority, edit: (data: DerNode) => void): Buffer {
  const basic = parseTree(getNode(parseTree(der), 1, 0, 1).content);
  const data = getNode(basic, 0);
  edit(data);
  const tbs = encodeTree(data);
  const signature = encodeElement(0x03, Buffer.from([0]), signBytes(tbs, signer));
  const certificates = (basic.children ?? []).slice(3).map(encodeTree);
  const changed = encodeElement(0x30, tbs, encodeTree(getNode(basic, 1)), signature, ...certificates);
  const type = encodeElement(0x06, Buffer.from('2b0601050507300101', 'hex'));
  const bytes = encodeElement(0x30, type, encodeElement(0x04, changed));
  return encodeElement(0x30, encodeElement(0x0a, Buffer.from([0])), encodeElement(0xa0, bytes));
}
