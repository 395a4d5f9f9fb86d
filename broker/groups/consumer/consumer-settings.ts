/** What consumer groups heed of the broker's settings and of a group's own, as they stand when asked. */
import { groupValues } from '../../config/group-settings.ts'
import type { Settings } from '../../config/settings.ts'
import type { ConsumerGroupSettings } from './consumer-context.ts'

/** A group's own, by name, as texts that were checked when they were set. */
export type GroupConfigs = ReadonlyMap<string, string>

export function consumerGroupSettings(broker: Settings, own: GroupConfigs): ConsumerGroupSettings {
  const values = groupValues(broker, own)
  return {
    sessionTimeoutMillis: values['consumer.session.timeout.ms'],
    heartbeatIntervalMillis: values['consumer.heartbeat.interval.ms'],
    assignmentIntervalMillis: values['consumer.assignment.interval.ms'],
    regexRefreshIntervalMillis: broker.get('group.consumer.regex.refresh.interval.ms'),
    membersMax: broker.get('group.consumer.max.size'),
    classicMembersMax: broker.get('group.max.size'),
    assignors: broker.get('group.consumer.assignors'),
    migrationPolicy: broker.get('group.consumer.migration.policy'),
  }
}
