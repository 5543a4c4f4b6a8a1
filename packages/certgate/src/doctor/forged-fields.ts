import type { FrontEndName } from '@certgate/core/internal';
import { findPlayedFrontEnd } from '../local/gateway/front-ends/played-front-ends.js';
import type { ExaminedCertificate } from './examination.js';

export type ForgedField = readonly [name: string, value: string];

/**
 * What a front end would write of a certificate, and of those of its issuers that its file has: the field with the
 * certificate first. Anybody who has a copy of the certificate can write it.
 */
export function forgeFields(frontEnd: FrontEndName, { certificatePem }: ExaminedCertificate): readonly ForgedField[] {
  const blocks = certificatePem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const [der, ...chain] = blocks.map((block) => Buffer.from(block.replaceAll(/-----.*-----/g, ''), 'base64'));
  return der === undefined ? [] : findPlayedFrontEnd(frontEnd).writeCertificate({ der, chain });
}
