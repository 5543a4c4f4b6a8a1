import { ToolFailure } from '#local/tool-failure.js';

/** The statement that `certgate init` writes into an app to add the gate. */
export function formatGateCall(appExpression: string, environmentVariable: string): string {
  return `secureApp(${appExpression}, { trustStore: trustStoreFrom(${environmentVariable}) })`;
}

/** The failure that says why init can't close this app, that nothing was changed, and how to add the gate by hand. */
export function byHand(reason: string, where: string): ToolFailure {
  return new ToolFailure(`${reason} Nothing was changed.`, {
    remedy: `By hand: import secureApp and trustStoreFrom from '@certgate/azure-functions' and call ${formatGateCall('app', 'process.env.CERTGATE_TRUST')} ${where}.`,
  });
}
