/**
 * How tests start a program as a user would. tap slips hooks of its own into every Node that a test starts (module loading, exit, signals),
 * so that a broker killed in a test would not be the broker that runs: `env` takes them out again, and becomes what it starts, so pids hold.
 */
export function bare(command: string, ...args: string[]): [command: string, args: string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', command, ...args]]
}

export function bareNode(...args: string[]): [command: string, args: string[]] {
  return bare(process.execPath, ...args)
}
