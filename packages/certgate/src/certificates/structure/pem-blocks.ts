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

/** The body stops at the next five dashes, whatever they begin: no text makes this pattern slow. */
const blockPattern = /-----BEGIN ([A-Z0-9 ]{1,64})-----(?:(?!-----)[\s\S])*-----END \1-----/g;

/** Every block in the text, in order. What stands outside the blocks (bag attributes, comments) is no part of them. */
export function readPemBlocks(text: string): readonly PemBlock[] {
  return Array.from(text.matchAll(blockPattern), ([block, label]) => ({ label: label ?? '', text: block }));
}
