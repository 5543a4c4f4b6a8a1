import type { TargetedDragEvent, VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { DroppedFile } from '../../../certgate/src/trust/views/page-views.js';
import { formatSize } from './format.js';
import { largestFile, readFile } from './dropped-file.js';

export interface DropZoneProps {
  /** What it takes, in words. */
  readonly text: string;
  readonly onFile: (file: DroppedFile) => void;
}

/** A file that is dropped or chosen. It goes to certgate on this machine, and nowhere else. */
export function DropZone({ text, onFile }: DropZoneProps): VNode {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [fault, setFault] = useState<string>();
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    if (file.size > largestFile) {
      setFault(`${file.name} has ${formatSize(file.size)}; at most ${formatSize(largestFile)} are read.`);
      return;
    }
    setFault(undefined);
    readFile(file).then(onFile, () => setFault(`${file.name} can't be read.`));
  };
  const drop = (event: TargetedDragEvent<HTMLDivElement>): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files[0]);
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
        Choose a file
      </button>
      <span class="dim">{text}</span>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label={`File: ${text}`}
        onChange={(event) => {
          take(event.currentTarget.files?.[0]);
          // The same file again is a change too.
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
