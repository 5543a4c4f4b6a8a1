// Loaded into Azurite's process before Azurite, so that Azurite ends when its test is killed.
process.on('disconnect', () => process.exit(1));
