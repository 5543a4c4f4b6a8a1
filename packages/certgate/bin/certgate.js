#!/usr/bin/env node
// Old syntax only, and no static import: an older Node must get far enough to say that it is too old.
var version = process.versions.node.split('.').map(Number);
if (version[0] > 20 || (version[0] === 20 && version[1] >= 19)) {
  import('../dist/esm/cli.js');
} else {
  console.error('error certgate needs Node 20.19 or later, and this is Node ' + process.versions.node + '.');
  console.error('      Install a newer one (https://nodejs.org, or nvm install 22), and run the same command again.');
  process.exitCode = 2;
}
