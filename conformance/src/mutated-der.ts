import { type DerNode, encodeTree, parseTree } from '@certgate/x509/test-support/der-editing.js';

/** Chooses a whole number from 0 to `count` - 1. */
export type Choose = (count: number) => number;

/**
 * Makes one to three changes. Most of them change the tree and encode it again, so that decoders go on reading after
 * the change. The others change octets.
 */
export function mutateDer(seed: Uint8Array, other: Uint8Array, choose: Choose): Uint8Array {
  let bytes: Buffer = Buffer.from(seed);
  for (let left = 1 + choose(3) * choose(2); left > 0; left -= 1) {
    bytes = choose(5) === 0 ? changeOctets(bytes, choose) : changeTree(bytes, other, choose);
  }
  return bytes;
}

function changeOctets(bytes: Buffer, choose: Choose): Buffer {
  const at = choose(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const kind = choose(12);
  if (kind === 0) return Buffer.from(before);
  if (kind === 1) return Buffer.concat([before, after.subarray(1 + choose(4))]);
  if (kind === 2) return Buffer.concat([before, Buffer.from([choose(256)]), after]);
  const [octet = 0, ...rest] = after;
  const changed = choose(2) === 0 ? choose(256) : octet ^ (1 << choose(8));
  return Buffer.concat([before, Buffer.from([changed, ...rest])]);
}

interface Place {
  readonly siblings: DerNode[];
  readonly index: number;
}

function changeTree(bytes: Buffer, other: Uint8Array, choose: Choose): Buffer {
  const tree = tryParse(bytes);
  if (tree === undefined) return changeOctets(bytes, choose);
  const places = listPlaces([tree]);
  const { siblings, index } = places[choose(places.length)] ?? { siblings: [tree], index: 0 };
  const node = siblings[index] ?? tree;
  if (openInside(node, other, choose)) return encodeTree(tree);
  const position = choose(siblings.length);
  switch (choose(10)) {
    case 0:
      siblings[index] = siblings[position] ?? node;
      siblings[position] = node;
      break;
    case 1:
      siblings.splice(position, 0, node);
      break;
    case 2:
      if (node !== tree) siblings.splice(index, 1);
      break;
    case 3:
      siblings.splice(position, choose(2), chooseNode(choose(2) === 0 ? other : bytes, choose));
      break;
    case 4:
      node.tag = choose(3) === 0 ? choose(256) : (tags[choose(tags.length)] ?? 0);
      break;
    default:
      changeContent(node, choose);
  }
  return encodeTree(node === tree ? (siblings[0] ?? tree) : tree);
}

const tags = Buffer.from('0102030405060a0c13141617181c1e303180818285868788a0a1a2a3a4', 'hex');

/** Values at the edges of what decoders distinguish, in hexadecimal: numbers, object identifiers and characters. */
const edges = `,00,01,7f,80,ff,0080,007f,ff7f,0780,0106,551d13,551d8013,2b06010505070302,2a8648ce3d030107,8837
818080808080808080808001,5ac3bc,efbbbf41,eda080,00410042,d83dde00,d83d,00000041,00110000,${'00'.repeat(16)},${'41'.repeat(80)}`;
const times = `991231235959Z,500101000000Z,260229120000Z,20280229240000Z,20270228235960Z,99991231235959Z
00000101000000Z,20270101000000.5Z,2701010000Z,270101000000+0100`;
const contents = [
  ...edges.split(/[,\n]/).map((text) => Buffer.from(text, 'hex')),
  ...times.split(/[,\n]/).map((text) => Buffer.from(text)),
];

function changeContent(node: DerNode, choose: Choose): void {
  if (node.children !== undefined) {
    node.children = choose(3) === 0 ? [] : node.children.slice(0, choose(node.children.length + 1));
    return;
  }
  const at = choose(node.content.length || 1);
  const isTime = node.tag === 0x17 || node.tag === 0x18;
  if (choose(4) === 0) node.content = contents[choose(contents.length)] ?? node.content;
  else if (isTime && choose(8) > 0) {
    node.content = Buffer.from(node.content);
    if (at < node.content.length - 1) node.content[at] = 0x30 + choose(10);
  } else node.content = changeOctets(node.content, choose);
}

/**
 * Changes the DER inside an OCTET STRING or a BIT STRING, such as an extension, a key or the answer in an OCSP
 * response. False if there is none, and by chance in one case of six.
 */
function openInside(node: DerNode, other: Uint8Array, choose: Choose): boolean {
  const start = node.tag === 0x04 ? 0 : node.tag === 0x03 ? 1 : undefined;
  if (start === undefined || node.children !== undefined || choose(6) === 0) return false;
  const inner = node.content.subarray(start);
  if (inner[0] === undefined || inner.length < 2 || tryParse(inner) === undefined) return false;
  node.content = Buffer.concat([node.content.subarray(0, start), changeTree(inner, other, choose)]);
  return true;
}

function chooseNode(bytes: Uint8Array, choose: Choose): DerNode {
  const tree = tryParse(bytes);
  const places = tree === undefined ? [] : listPlaces([tree]);
  const { siblings, index } = places[choose(places.length)] ?? { siblings: [], index: 0 };
  // Makes a copy, so that a later change doesn't change both nodes.
  const node = siblings[index];
  return node === undefined
    ? { tag: 0x05, children: undefined, content: Buffer.alloc(0) }
    : parseTree(encodeTree(node));
}

function listPlaces(siblings: DerNode[]): readonly Place[] {
  return siblings.flatMap((node, index) => [{ siblings, index }, ...listPlaces(node.children ?? [])]);
}

/** The tree. Undefined if the bytes are not the DER of exactly one element. */
function tryParse(bytes: Uint8Array): DerNode | undefined {
  try {
    const tree = parseTree(bytes);
    return encodeTree(tree).equals(bytes) ? tree : undefined;
  } catch {
    return undefined;
  }
}
