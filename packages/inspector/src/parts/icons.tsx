import type { VNode } from 'preact';

type Icon = () => VNode;

/** `lines` are stroked and `areas` are filled. Both are SVG paths in a square of 16 by 16 units. */
function createIcon(lines: string, areas = ''): Icon {
  return () => (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {lines !== '' && <path d={lines} />}
      {areas !== '' && <path class="filled" d={areas} />}
    </svg>
  );
}

const circle = 'M8 2.5a5.5 5.5 0 0 1 0 11a5.5 5.5 0 0 1 0-11z';

export const CopyIcon: Icon = createIcon(
  'M7 5.5h5q1.5 0 1.5 1.5v5q0 1.5-1.5 1.5H7q-1.5 0-1.5-1.5V7q0-1.5 1.5-1.5zM3.5 10.5h-1v-8h8v1',
);
export const TickIcon: Icon = createIcon('M3 8.5l3.5 3.5L13 4.5');
export const CrossIcon: Icon = createIcon('M4 4l8 8M12 4l-8 8');
export const WarningIcon: Icon = createIcon('M8 2.2L14.5 13.5H1.5zM8 6.5v3.2M8 11.4v.6');
export const DotIcon: Icon = createIcon('', 'M8 6.4a1.6 1.6 0 0 1 0 3.2a1.6 1.6 0 0 1 0-3.2z');
export const PauseIcon: Icon = createIcon('M5.5 3.5v9M10.5 3.5v9');
export const ResumeIcon: Icon = createIcon('M5 3.5v9l7-4.5z');
export const ThemeIcon: Icon = createIcon(circle, 'M8 2.5a5.5 5.5 0 0 1 0 11z');
export const GateIcon: Icon = createIcon('M2.5 13.5V6.2L8 2.5l5.5 3.7v7.3M5.5 13.5v-5h5v5M8 8.5v5');
