/** What must hold between settings, each alone being fine. */
import type { BrokerSettingName } from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import type { Settings } from './settings.ts'

/** Throws ConfigError for the first that does not hold. */
export function checkTogether(settings: Settings): void {
  for (const check of checks) check(settings)
}

const checks: readonly ((settings: Settings) => void)[] = [
  (settings) => {
    const older = settings.get('broker.id')
    if (older < 0 || !settings.isSet('node.id') || older === settings.get('node.id')) return
    refuse(settings, 'broker.id', `broker.id must be what node.id is (${settings.get('node.id')}), or be left out, not ${older}`)
  },
  (settings) => {
    if (settings.get('process.roles').includes('broker')) return
    refuse(settings, 'process.roles', 'process.roles must have broker in it: Stele has no separate controller process')
  },
  (settings) => {
    const queued = settings.get('queued.max.request.bytes')
    const largest = settings.get('socket.request.max.bytes')
    if (queued < 0 || queued >= largest) return
    refuse(
      settings,
      'queued.max.request.bytes',
      `queued.max.request.bytes must be -1 or at least socket.request.max.bytes (${largest}), not ${queued}`,
    )
  },
  (settings) => {
    const wait = settings.get('replica.fetch.wait.max.ms')
    const lag = settings.get('replica.lag.time.max.ms')
    if (wait <= lag) return
    refuse(settings, 'replica.fetch.wait.max.ms', `replica.fetch.wait.max.ms must be at most replica.lag.time.max.ms (${lag}), not ${wait}`)
  },
  (settings) => {
    const least = settings.get('group.min.session.timeout.ms')
    const most = settings.get('group.max.session.timeout.ms')
    if (least <= most) return
    refuse(
      settings,
      'group.min.session.timeout.ms',
      `group.min.session.timeout.ms must be at most group.max.session.timeout.ms (${most}), not ${least}`,
    )
  },
  ...(['session.timeout', 'heartbeat.interval', 'assignment.interval'] as const).map((what) => (settings: Settings) => {
    const least = `group.consumer.min.${what}.ms` as const
    const most = `group.consumer.max.${what}.ms` as const
    const name = `group.consumer.${what}.ms` as const
    const value = settings.get(name)
    if (settings.get(least) > settings.get(most)) refuse(settings, least, `${least} must be at most ${most}, not ${settings.get(least)}`)
    if (value < settings.get(least)) refuse(settings, name, `${name} must be at least ${least} (${settings.get(least)}), not ${value}`)
    if (value > settings.get(most)) refuse(settings, name, `${name} must be at most ${most} (${settings.get(most)}), not ${value}`)
  }),
  (settings) => {
    const interval = settings.get('group.consumer.heartbeat.interval.ms')
    const session = settings.get('group.consumer.session.timeout.ms')
    if (interval < session) return
    refuse(
      settings,
      'group.consumer.heartbeat.interval.ms',
      `group.consumer.heartbeat.interval.ms must be below group.consumer.session.timeout.ms (${session}), not ${interval}`,
    )
  },
  (settings) => {
    const least = settings.get('log.cleaner.min.compaction.lag.ms')
    const most = settings.get('log.cleaner.max.compaction.lag.ms')
    if (least <= most) return
    refuse(
      settings,
      'log.cleaner.min.compaction.lag.ms',
      `log.cleaner.min.compaction.lag.ms must be at most log.cleaner.max.compaction.lag.ms (${most}), not ${least}`,
    )
  },
  (settings) => notZero(settings, 'log.retention.ms'),
  (settings) => notZero(settings, 'log.retention.minutes'),
  (settings) => notZero(settings, 'log.retention.hours'),
  (settings) => {
    const directories = settings.get('log.dirs')
    if (directories.length > 1)
      refuse(settings, 'log.dirs', `log.dirs must be one directory, not ${directories.length}: Stele keeps all data in one`)
    const directory = settings.get('log.dir')
    if (directory.length !== 1) refuse(settings, 'log.dir', `log.dir must be one directory, not ${directory.length}`)
  },
]

function notZero(settings: Settings, name: 'log.retention.ms' | 'log.retention.minutes' | 'log.retention.hours'): void {
  if (settings.get(name) === 0) refuse(settings, name, `${name} must be below 0 (for ever) or at least 1, not 0`)
}

function refuse(settings: Settings, name: BrokerSettingName, message: string): never {
  throw new ConfigError(name, settings.whereSet(name), message)
}
