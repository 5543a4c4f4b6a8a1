import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ClientCertificate, decodeClientCertificate } from '@certgate/core/internal';
import { createClientCertificate, createServerCertificate } from '../certificates/self-signed-certificate.js';
import { encodePfx } from '../certificates/pfx/encode-pfx.js';
import { findFile } from '#local/json-file.js';
import { replaceFile } from './development-files.js';

/** A certificate and its key, for the local gateway or a local caller. */
export interface DevelopmentCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificate: ClientCertificate;
}

/**
 * A certificate in the folder that ends within a day is replaced, so that it does not end while somebody works with it.
 */
const leastRemaining = 86_400_000;
const days = 30;

/** Reads `<name>.crt.pem` and `<name>.key.pem` in the folder, or makes new ones together with `<name>.pfx`. */
export async function getCallerCertificate(folder: string, name: string, now: Date): Promise<DevelopmentCertificate> {
  const present = await findCertificate(folder, name, now);
  if (present !== undefined) return present;
  const { certificatePem, privateKeyPem, certificateDer } = createClientCertificate({ name, days, now });
  const password = await getPassword(folder);
  const pfx = encodePfx({ certificateDer, privateKeyPem, password, friendlyName: name });
  await replaceFile(join(folder, `${name}.pfx`), pfx, true);
  return storeCertificate(folder, name, certificatePem, privateKeyPem);
}

/** The gateway's own certificate, for the host names of this machine's loopback interface. */
export async function getGatewayCertificate(folder: string, now: Date): Promise<DevelopmentCertificate> {
  const present = await findCertificate(folder, gatewayName, now);
  if (present !== undefined) return present;
  const { certificatePem, privateKeyPem } = createServerCertificate({ days, now });
  return storeCertificate(folder, gatewayName, certificatePem, privateKeyPem);
}

export const gatewayName = 'gateway';

/**
 * The file with the password of all PFX files in the folder. It is next to them, because the whole folder is secret.
 */
const passwordFileName = 'password.txt';

async function getPassword(folder: string): Promise<string> {
  const file = join(folder, passwordFileName);
  const present = await findFile(file);
  if (present !== undefined) return present.toString('utf8').trim();
  const password = randomBytes(18).toString('base64url');
  await replaceFile(file, `${password}\n`, true);
  return password;
}

async function storeCertificate(
  folder: string,
  name: string,
  certificatePem: string,
  privateKeyPem: string,
): Promise<DevelopmentCertificate> {
  await replaceFile(join(folder, `${name}.key.pem`), privateKeyPem, true);
  await replaceFile(join(folder, `${name}.crt.pem`), certificatePem);
  const certificate = decodePem(certificatePem, privateKeyPem);
  if (certificate === undefined) throw new Error(`The certificate "${name}" that was just made can't be read.`);
  return { certificatePem, privateKeyPem, certificate };
}

async function findCertificate(folder: string, name: string, now: Date): Promise<DevelopmentCertificate | undefined> {
  const certificatePem = (await findFile(join(folder, `${name}.crt.pem`)))?.toString('utf8');
  const privateKeyPem = (await findFile(join(folder, `${name}.key.pem`)))?.toString('utf8');
  if (certificatePem === undefined || privateKeyPem === undefined) return undefined;
  if (name !== gatewayName && (await findFile(join(folder, `${name}.pfx`))) === undefined) return undefined;
  const certificate = decodePem(certificatePem, privateKeyPem);
  if (certificate === undefined || certificate.notAfter < now.getTime() + leastRemaining) return undefined;
  return { certificatePem, privateKeyPem, certificate };
}

function decodePem(certificatePem: string, privateKeyPem: string): ClientCertificate | undefined {
  try {
    const x509 = new X509Certificate(certificatePem);
    if (!x509.checkPrivateKey(createPrivateKey(privateKeyPem))) return undefined;
    const decoding = decodeClientCertificate(x509.raw);
    return decoding.ok ? decoding.certificate : undefined;
  } catch {
    // The certificate or the key can't be read, for example because somebody edited a file. New files replace them.
    return undefined;
  }
}
