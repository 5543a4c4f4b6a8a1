import { ToolFailure } from '#local/tool-failure.js';

/** The gate's line, as it is written into every app. */
export function formatGateCall(appExpression: string, environmentVariable: string): string {
  return `secureApp(${appExpression}, { trustStore: trustStoreFrom(${environmentVariable}) })`;
}

/** init can't tell how to close this app; nothing was changed, and this is what to do instead. */
export function byHand(reason: string, where: string): ToolFailure {
  return new ToolFailure(`${reason} Nothing was changed.`, {
    remedy: `By hand: import secureApp and trustStoreFrom from '@certgate/azure-functions' and call ${formatGateCall('app', 'process.env.CERTGATE_TRUST')} ${where}.`,
  });
}
