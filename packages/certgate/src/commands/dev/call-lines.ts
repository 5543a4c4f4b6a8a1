import type { HostedFunction, HostedMcp } from '#local/functions-host/functions-host.js';
import { chooseMethod, expectStatus, fillRouteWithExamples } from '../../local-app/checks/check-plan.js';
import { findCallFiles, findGatewayFile, formatCertgateCall } from '../../local-app/call-line.js';
import { sampleToolArguments } from '../../local-app/checks/sample-arguments.js';
import type { HostedApp } from '../../local-app/local-app.js';

/**
 * Commands to copy. Each HTTP function and each MCP tool is called by the first caller who is allowed to. Disabled
 * functions, and those that no caller may call, are left out.
 */
export function formatCallLines(app: HostedApp): readonly string[] {
  const caFile = findGatewayFile(app.developmentFolder);
  return app.functions
    .filter(({ http, mcp, disabled }) => disabled !== true && (http || mcp?.kind === 'tool'))
    .flatMap((hosted) => formatCallLine(app, hosted, caFile));
}

function formatCallLine(app: HostedApp, hosted: HostedFunction, caFile: string): readonly string[] {
  const caller = app.callers.find((each) => expectStatus(hosted, each) === 200);
  // If the user's own trust document lists none of the callers, none of them may call a closed function.
  if (caller === undefined) return [];
  const identity = caller.certificate && findCallFiles(app.developmentFolder, caller.name);
  const method = chooseMethod(hosted.methods);
  const address =
    hosted.mcp === undefined
      ? { url: `${app.url}${fillRouteWithExamples(hosted.route ?? '/')}` }
      : { url: app.url, mcpTool: hosted.mcp.name, ...sampleArguments(hosted.mcp) };
  return [`  ${formatCertgateCall({ ...address, method, identity, caFile })}`];
}

/**
 * Sample values for the arguments that the tool requires. Without them, the MCP extension would answer instead of the
 * app.
 */
function sampleArguments({ inputSchema }: HostedMcp): { readonly mcpArguments?: string } {
  const given = sampleToolArguments(inputSchema);
  return Object.keys(given).length === 0 ? {} : { mcpArguments: JSON.stringify(given) };
}
