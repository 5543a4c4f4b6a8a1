import type { ComponentChildren, VNode } from 'preact';

function Icon({ children }: { readonly children: ComponentChildren }): VNode {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export function CopyIcon(): VNode {
  return (
    <Icon>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M3.5 10.5h-1v-8h8v1" />
    </Icon>
  );
}

export function TickIcon(): VNode {
  return (
    <Icon>
      <path d="M3 8.5l3.5 3.5L13 4.5" />
    </Icon>
  );
}

export function CrossIcon(): VNode {
  return (
    <Icon>
      <path d="M4 4l8 8M12 4l-8 8" />
    </Icon>
  );
}

export function WarningIcon(): VNode {
  return (
    <Icon>
      <path d="M8 2.2L14.5 13.5H1.5zM8 6.5v3.2M8 11.4v.6" />
    </Icon>
  );
}

export function DotIcon(): VNode {
  return (
    <Icon>
      <circle class="filled" cx="8" cy="8" r="1.6" />
    </Icon>
  );
}

export function PauseIcon(): VNode {
  return (
    <Icon>
      <path d="M5.5 3.5v9M10.5 3.5v9" />
    </Icon>
  );
}

export function ResumeIcon(): VNode {
  return (
    <Icon>
      <path d="M5 3.5v9l7-4.5z" />
    </Icon>
  );
}

export function ThemeIcon(): VNode {
  return (
    <Icon>
      <circle cx="8" cy="8" r="5.5" />
      <path class="filled" d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
    </Icon>
  );
}

export function GateIcon(): VNode {
  return (
    <Icon>
      <path d="M2.5 13.5V6.2L8 2.5l5.5 3.7v7.3M5.5 13.5v-5h5v5M8 8.5v5" />
    </Icon>
  );
}
