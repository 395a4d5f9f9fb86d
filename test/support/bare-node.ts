/**
 * How tests start Node as a user would. tap slips hooks of its own into every child (module loading, exit, signals), so that a broker
 * killed in a test would not be the broker that runs: `env` takes them out again, and becomes the process it starts, so pids hold.
 */
export function bareNode(...args: string[]): [command: string, args: string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', process.execPath, ...args]]
}
