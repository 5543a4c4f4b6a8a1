// Must be the first import of the scripts that people run, so that an older Node stops here with a message, and not at
// the first feature that it lacks. Scripts may import Node's own modules besides this one, but no name that older
// versions lack.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`error Certgate needs Node 20.19 or later, and this is Node ${process.versions.node}.`);
  console.error('      Install a newer one (https://nodejs.org, or nvm install 22), and run the same command again.');
  process.exit(2);
}
