/** What consumer groups heed of the broker's settings and of a group's own, as they stand when asked. */
import type { Settings } from '../../config/settings.ts'
import type { ConsumerGroupSettings } from './consumer-context.ts'

/** A group's own, by name, as texts that were checked when they were set (config/group-settings.ts). */
export type GroupConfigs = ReadonlyMap<string, string | null>

export function consumerGroupSettings(broker: Settings, own: GroupConfigs): ConsumerGroupSettings {
  return {
    sessionTimeoutMillis: ownNumber(own, 'consumer.session.timeout.ms') ?? broker.get('group.consumer.session.timeout.ms'),
    heartbeatIntervalMillis: ownNumber(own, 'consumer.heartbeat.interval.ms') ?? broker.get('group.consumer.heartbeat.interval.ms'),
    assignmentIntervalMillis: ownNumber(own, 'consumer.assignment.interval.ms') ?? broker.get('group.consumer.assignment.interval.ms'),
    regexRefreshIntervalMillis: broker.get('group.consumer.regex.refresh.interval.ms'),
    membersMax: broker.get('group.consumer.max.size'),
    classicMembersMax: broker.get('group.max.size'),
    assignors: broker.get('group.consumer.assignors'),
    migrationPolicy: broker.get('group.consumer.migration.policy'),
  }
}

function ownNumber(own: GroupConfigs, name: string): number | undefined {
  const text = own.get(name)
  return text === undefined || text === null ? undefined : Number(text)
}
