// Loaded into Azurite's process ahead of Azurite: a test that is killed takes its Azurite along.
process.on('disconnect', () => process.exit(1));
