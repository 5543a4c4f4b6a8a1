import { X509Certificate } from 'node:crypto';
import { decodeBase64, decodeClientCertificate } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { decodeText, isText, readBoundedFile } from './read-bounded-file.js';
import { decodePemBlock, readPemBlocks, type PemBlock } from './structure/pem-blocks.js';
import { decodePfx } from './pfx/decode-pfx.js';
import { openWithPassword, type PasswordSource } from './password.js';
import { checkKeyBelongsToCertificate, findPrivateKeyPem } from './read-private-key.js';

export interface CertificateFile {
  readonly certificateDer: Buffer;
  /** PKCS#8 in PEM, decrypted. Undefined if the file has no key, or if the key was ignored. */
  readonly privateKeyPem: string | undefined;
  readonly format: 'pfx' | 'pem' | 'der' | 'base64';
  readonly otherCertificates: readonly Buffer[];
}

export interface CertificateFileOptions {
  readonly password?: PasswordSource;
  /**
   * `required` refuses a file without a private key. `ignored` does not even look at a key in PEM. Default `optional`.
   */
  readonly privateKey?: 'required' | 'optional' | 'ignored';
  /** What messages call the source if it is not a file but bytes. Default `The input`. */
  readonly name?: string;
}

/**
 * Reads a certificate in any usual form: a PFX, PEM (its first CERTIFICATE, and the key if there is one), DER, or
 * base64 as in the header X-ARR-ClientCert. Throws ToolFailure if that is not possible.
 */
export async function readCertificateFile(
  source: string | Uint8Array,
  options: CertificateFileOptions = {},
): Promise<CertificateFile> {
  const name = typeof source === 'string' ? source : (options.name ?? 'The input');
  const bytes = typeof source === 'string' ? await readBoundedFile(source) : Buffer.from(source);
  const file = await decodeCertificateFile(bytes, name, options);
  if (options.privateKey === 'required' && file.privateKeyPem === undefined) {
    throw new ToolFailure(`${name} contains a certificate, but not its private key.`, {
      remedy:
        'Pass the PFX, or a PEM file that contains the key too. `call` takes the file of the key with --key, `doctor` with --allowed-key or --denied-key.',
    });
  }
  return Object.freeze(file);
}

async function decodeCertificateFile(
  bytes: Buffer,
  name: string,
  options: CertificateFileOptions,
): Promise<CertificateFile> {
  // Every binary form starts with 0x30 (SEQUENCE). A text starts with that octet only if it begins with the digit zero.
  if (bytes[0] === 0x30 && bytes[1] !== undefined && !isText(bytes)) return decodeBinary(bytes, name, options, 'der');
  const text = decodeText(bytes).trim();
  if (text === '') throw new ToolFailure(`${name} is empty.`);
  if (text.includes('-----BEGIN ')) return decodePem(text, name, options);
  // Accepts a line that was copied from a request with the header's name, and line breaks from wrapping.
  const base64 = decodeBase64(text.replace(/^x-arr-clientcert:/i, '').replace(/\s+/g, ''));
  if (base64.ok) return decodeBinary(Buffer.from(base64.bytes), name, options, 'base64');
  throw new ToolFailure(`${name} contains no certificate.`, {
    remedy: 'Supported are PFX, PEM, DER, and base64 as in the header X-ARR-ClientCert.',
  });
}

async function decodeBinary(
  bytes: Buffer,
  name: string,
  options: CertificateFileOptions,
  format: 'der' | 'base64',
): Promise<CertificateFile> {
  if (isPfx(bytes)) {
    const { certificateDer, privateKeyPem, otherCertificates } = await openWithPassword(
      name,
      (password) => decodePfx(bytes, password),
      options.password,
      pfxRemedies,
    );
    return { certificateDer, privateKeyPem, format: 'pfx', otherCertificates };
  }
  return { certificateDer: checkCertificate(bytes, name), privateKeyPem: undefined, format, otherCertificates: [] };
}

/**
 * A PFX begins with SEQUENCE { version INTEGER (3), … }. In place of that INTEGER, a certificate has another SEQUENCE,
 * and a private key has the version 0 or 1.
 */
function isPfx(bytes: Buffer): boolean {
  const lengthOctets = (bytes[1] ?? 0) > 0x80 ? (bytes[1] ?? 0) & 0x7f : 0;
  return bytes.subarray(2 + lengthOctets, 5 + lengthOctets).equals(Buffer.from([0x02, 0x01, 0x03]));
}

const pfxRemedies = {
  unsupported: 'Export it again, with AES-256 and SHA-256, and with one key and its certificate.',
  malformed: 'Export it again, or copy it again as binary.',
};

async function decodePem(text: string, name: string, options: CertificateFileOptions): Promise<CertificateFile> {
  const blocks = readPemBlocks(text);
  const certificates = blocks
    .filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
    .map((block) => checkCertificate(decodePemBlock(block), name));
  const [certificateDer, ...otherCertificates] = certificates;
  if (certificateDer === undefined) throw explainPemWithoutCertificate(blocks, name);
  const privateKeyPem =
    options.privateKey === 'ignored' ? undefined : await findPrivateKeyPem(blocks, name, options.password);
  if (privateKeyPem !== undefined) checkKeyBelongsToCertificate(certificateDer, privateKeyPem, name);
  return { certificateDer, privateKeyPem, format: 'pem', otherCertificates };
}

/** Refuses trailing bytes too. node:crypto would read the first certificate and ignore what follows. */
function checkCertificate(der: Buffer, name: string): Buffer {
  try {
    if (new X509Certificate(der).raw.length === der.length) return der;
  } catch {
    // The strict decoder below explains in words what is wrong.
  }
  const decoding = decodeClientCertificate(der);
  const fault = decoding.ok ? 'it cannot be read' : decoding.fault;
  throw new ToolFailure(`${name} contains no certificate that can be used: ${fault}.`);
}

function explainPemWithoutCertificate(blocks: readonly PemBlock[], name: string): ToolFailure {
  const labels = blocks.map(({ label }) => label);
  if (labels.some((label) => label.endsWith('CERTIFICATE REQUEST'))) {
    return new ToolFailure(`${name} contains a certificate signing request, not a certificate.`, {
      remedy: 'Use the certificate that the authority issued for it.',
    });
  }
  if (labels.some((label) => label.endsWith('PRIVATE KEY'))) {
    return new ToolFailure(`${name} contains a private key, but no certificate.`, {
      remedy: 'Pass the file of its certificate. A command that needs the key too has an option of its own for it.',
    });
  }
  const found = labels.length === 0 ? 'no complete PEM block' : `${labels.join(', ')}, and no CERTIFICATE`;
  return new ToolFailure(`${name} contains ${found}.`);
}
