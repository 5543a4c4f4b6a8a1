/** `AzureWebJobs.<function>.Disabled`: the host doesn't call the function, and an HTTP function's route answers 404. */
export function isDisabled(functionName: string): boolean {
  const wanted = new RegExp(`^AzureWebJobs[._]${functionName}[._]Disabled$`, 'i');
  return Object.entries(process.env).some(([name, value]) => wanted.test(name) && /^(?:1|true)$/i.test(value ?? ''));
}
