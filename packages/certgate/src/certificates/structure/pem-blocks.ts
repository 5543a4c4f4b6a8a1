/** Writes PEM (RFC 7468): lines of 64 characters, and one newline at the end. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

export interface PemBlock {
  /** The words after BEGIN: `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** The block with its BEGIN and END lines, as it is in the file. node:crypto reads it in this form. */
  readonly text: string;
}

export function decodePemBlock({ text }: PemBlock): Buffer {
  return Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
}

/** Whether it is a private key that is encrypted with a password, as PKCS#8 or in the older form. */
export function isEncryptedKeyBlock({ label, text }: PemBlock): boolean {
  return label.startsWith('ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED');
}

/** The body ends at the next five dashes, whatever they begin, so that no text can make this pattern slow. */
const blockPattern = /-----BEGIN ([A-Z0-9 ]{1,64})-----(?:(?!-----)[\s\S])*-----END \1-----/g;

/** Every complete block in the text, in order. Text outside the blocks (bag attributes, comments) is ignored. */
export function readPemBlocks(text: string): readonly PemBlock[] {
  return Array.from(text.matchAll(blockPattern), ([block, label]) => ({ label: label ?? '', text: block }));
}
