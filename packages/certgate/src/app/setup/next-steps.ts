import { getToolVersion } from '../../texts/tool-version.js';
import { nameDevScript, type PackageManager } from './function-app.js';
import type { SetupPlan } from './plan-setup.js';

/** The steps that init leaves to the person: lines to read, and indented lines to copy. */
export function listNextSteps({ app, gateFile, edits }: SetupPlan): readonly string[] {
  const { packageManager, packages, scripts } = app;
  const needsGate = !packages.has('@certgate/azure-functions');
  const needsTool = !packages.has('certgate');
  const version = getToolVersion();
  const tarball = (name: string): string => `<certgate>/packed/${name}-${version}.tgz`;
  const install = [
    ...(needsGate ? [add(packageManager, tarball('certgate-azure-functions'), false)] : []),
    ...(needsTool ? [add(packageManager, tarball('certgate'), true)] : []),
  ];
  const isInstalled = install.length === 0;
  const script = edits.length === 0 ? undefined : nameDevScript(scripts);
  return [
    ...(isInstalled
      ? []
      : [
          'Install the packages. They are not on the npm registry yet: pack them in a checkout of Certgate (npm ci && npm run pack), then',
          ...install.map((line) => `  ${line}`),
        ]),
    ...(isInstalled && edits.length === 0
      ? []
      : [
          'See every function closed:',
          `  ${packageManager} run ${script ?? 'dev'}`,
          `All HTTP and MCP functions are closed now, by ${gateFile}. Mark public ones with allowAnonymous(handler).`,
          'In Azure, set the app setting CERTGATE_TRUST to where the trust document is: blob:https://ACCOUNT.blob.core.windows.net/CONTAINER/trust.json, or the path of a file that is deployed with the app. .certgate/ is not deployed.',
        ]),
  ];
}

function add(packageManager: PackageManager, tarball: string, isDevelopment: boolean): string {
  const command = packageManager === 'npm' ? 'npm install' : `${packageManager} add`;
  return [command, ...(isDevelopment ? ['--save-dev'] : []), tarball].join(' ');
}
