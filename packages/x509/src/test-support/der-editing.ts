/**
 * A DER value that tests can edit, to make certificates that no tool makes. The parser shares no code with the reader
 * under test. `editCertificate` keeps the old signature, which then no longer fits.
 */
export interface DerNode {
  tag: number;
  /** The values inside. Undefined for a primitive value. */
  children: DerNode[] | undefined;
  /** The content octets of a primitive value. */
  content: Buffer;
}

export function encodeElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

export function parseTree(bytes: Uint8Array): DerNode {
  const [node] = parseNodes(Buffer.from(bytes));
  if (node === undefined) throw new Error('nothing to edit');
  return node;
}

function parseNodes(bytes: Buffer): DerNode[] {
  const nodes: DerNode[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const tag = bytes.readUInt8(offset);
    const first = bytes.readUInt8(offset + 1);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    const start = offset + 2 + octets;
    const length = octets === 0 ? first : bytes.readUIntBE(offset + 2, octets);
    const content = bytes.subarray(start, start + length);
    nodes.push({ tag, children: (tag & 0x20) === 0 ? undefined : parseNodes(content), content });
    offset = start + length;
  }
  return nodes;
}

export function encodeTree({ tag, children, content }: DerNode): Buffer {
  return children === undefined ? encodeElement(tag, content) : encodeElement(tag, ...children.map(encodeTree));
}

/** The node at the end of a path of child positions. */
export function getNode(root: DerNode, ...path: readonly number[]): DerNode {
  return path.reduce((node, position) => {
    const child = node.children?.at(position);
    if (child === undefined) throw new Error(`no child ${position}`);
    return child;
  }, root);
}

export function getChildren(root: DerNode, ...path: readonly number[]): DerNode[] {
  const { children } = getNode(root, ...path);
  if (children === undefined) throw new Error('not constructed');
  return children;
}

/** The positions of a version 3 certificate's fields in the TBSCertificate. */
export const tbsFields = {
  version: 0,
  serial: 1,
  algorithm: 2,
  issuer: 3,
  validity: 4,
  subject: 5,
  key: 6,
  extensions: 7,
};

export function editCertificate(der: Uint8Array, edit: (certificate: DerNode) => void): Buffer {
  const certificate = parseTree(der);
  edit(certificate);
  return encodeTree(certificate);
}

/** Turns the certificate into one of version 1, which has no extensions. */
export function toVersion1(der: Uint8Array): Buffer {
  return editCertificate(der, (certificate) => {
    const fields = getChildren(certificate, 0);
    fields.splice(tbsFields.extensions, 1);
    fields.splice(tbsFields.version, 1);
  });
}

/**
 * Edits the value of the extension with this object identifier, which is given as its content octets in hexadecimal.
 */
export function editExtension(der: Uint8Array, identifier: string, edit: (value: Buffer) => Buffer): Buffer {
  return editCertificate(der, (certificate) => {
    const list = getChildren(certificate, 0, tbsFields.extensions, 0);
    const extension = list.find((node) => getNode(node, 0).content.toString('hex') === identifier);
    if (extension === undefined) throw new Error(`no extension ${identifier}`);
    const value = getNode(extension, -1);
    value.content = edit(value.content);
  });
}
