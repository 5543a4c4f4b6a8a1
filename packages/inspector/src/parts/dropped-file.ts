import type { DroppedFile } from '../../../certgate/src/trust/views/page-views.js';

/** In base64, beside the rest of a request, within the 1 MiB that the tool reads of one. */
export const largestFile: number = 704 * 1024;

export async function readFile(file: File): Promise<DroppedFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { name: file.name, base64: toBase64(bytes), password: null };
}

export function createPastedFile(text: string): DroppedFile {
  return { name: 'pasted text', base64: toBase64(new TextEncoder().encode(text)), password: null };
}

/** In pieces: a call takes only so many arguments. */
function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(pieces.join(''));
}
