/** RFC 7468 textual encoding: 64 columns, one newline at the end. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

export interface PemBlock {
  /** What stands between BEGIN and the dashes: `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** The block with its armour, as it stood in the file: what node:crypto takes. */
  readonly text: string;
}

export function decodePemBlock({ text }: PemBlock): Buffer {
  return Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
}

/** A private key under a password: PKCS#8, or the older form. */
export function isEncryptedKeyBlock({ label, text }: PemBlock): boolean {
  return label.startsWith('ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED');
}

/** The body stops at the next five dashes, whatever they begin: no text makes this pattern slow. */
const blockPattern = /-----BEGIN ([A-Z0-9 ]{1,64})-----(?:(?!-----)[\s\S])*-----END \1-----/g;

/** Every block in the text, in order. What stands outside the blocks (bag attributes, comments) is no part of them. */
export function readPemBlocks(text: string): readonly PemBlock[] {
  return Array.from(text.matchAll(blockPattern), ([block, label]) => ({ label: label ?? '', text: block }));
}
