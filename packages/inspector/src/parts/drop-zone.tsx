import type { TargetedDragEvent, VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { DroppedFile } from '../../../certgate/src/trust/views/page-views.js';
import { formatSize } from './format.js';

/**
 * The size of the largest file, in bytes. In base64, and with the rest of the request, one such file fits into the 1
 * MiB that the tool reads of a request.
 */
const largestFile: number = 704 * 1024;

export interface DropZoneProps {
  /** Says which files the zone takes, in words. */
  readonly text: string;
  /** Whether the user can give two files at once. Further ones are ignored. */
  readonly multiple?: boolean;
  readonly onFiles: (files: readonly DroppedFile[]) => void;
}

/** Takes files that the user drops or chooses. The page sends them only to certgate on this machine. */
export function DropZone({ text, multiple = false, onFiles }: DropZoneProps): VNode {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [fault, setFault] = useState<string>();
  const take = (list: FileList | null | undefined): void => {
    const files = [...(list ?? [])].slice(0, multiple ? 2 : 1);
    const large = files.find(({ size }) => size > largestFile);
    if (large !== undefined) {
      setFault(`${large.name} has ${formatSize(large.size)}; at most ${formatSize(largestFile)} are read.`);
    } else if (files.length > 0) {
      setFault(undefined);
      Promise.all(files.map(readFile)).then(onFiles, () => setFault(`${files[0]?.name ?? ''} can't be read.`));
    }
  };
  const drop = (event: TargetedDragEvent<HTMLDivElement>): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files);
  };
  return (
    <div
      class={isOver ? 'drop-zone over' : 'drop-zone'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <button type="button" onClick={() => input.current?.click()}>
        {multiple ? 'Choose files' : 'Choose a file'}
      </button>
      <span class="dim">{text}</span>
      <input
        ref={input}
        type="file"
        multiple={multiple}
        class="visually-hidden"
        tabIndex={-1}
        aria-label={`File: ${text}`}
        onChange={(event) => {
          take(event.currentTarget.files);
          // Without this, the browser would not report a change if the user chose the same file again.
          event.currentTarget.value = '';
        }}
      />
      {fault !== undefined && (
        <p class="field-fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

async function readFile(file: File): Promise<DroppedFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { name: file.name, base64: toBase64(bytes), password: null };
}

export function createPastedFile(text: string): DroppedFile {
  return { name: 'pasted text', base64: toBase64(new TextEncoder().encode(text)), password: null };
}

/** Converts the bytes in pieces, because a call takes a limited number of arguments. */
function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(pieces.join(''));
}
