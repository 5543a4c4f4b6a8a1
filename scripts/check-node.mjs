// Imported before everything else by the scripts that people run first: an older Node stops here, with words, and not at
// the first thing that it lacks. What stands beside this import must be modules of Node's own, without names that are new.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`error Certgate needs Node 20.19 or later, and this is Node ${process.versions.node}.`);
  console.error('      Install a newer one (https://nodejs.org, or nvm install 22), and run the same command again.');
  process.exit(2);
}
