import { ToolFailure } from '../../tool-failure.js';
import type { HookError } from './host-protocol.js';

/** Thrown if the app does not start because one of its appStart hooks failed. */
export class StartHookFailure extends ToolFailure {
  readonly hookError: HookError;

  constructor(message: string, hookError: HookError, options: { remedy?: string; cause: unknown }) {
    super(message, options);
    this.hookError = hookError;
  }
}
